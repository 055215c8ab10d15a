package dev.pukara.train;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.TrainingKernels;
import java.util.Locale;
import java.util.Optional;

/** How weights become what the forward pass computes with. */
final class Rounding {
  private Rounding() {}

  /**
   * Fills {@code compute} from {@code weights}: rounded to {@code format} if one is given, then to
   * the element of {@code compute}.
   */
  static void apply(
      TrainingKernels kernels, Optional<BlockFormat> format, Matrix weights, Matrix compute) {
    if (format.isPresent() && weights.cols() % format.get().blockValues() != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s needs a multiple of %d columns, the model has matrices of %d",
              format.get(),
              format.get().blockValues(),
              weights.cols()));
    }
    if (format.isPresent()) {
      kernels.roundTo(format.get(), weights, compute);
    } else if (weights.address() != compute.address()) {
      kernels.convert(weights, compute);
    }
  }
}
