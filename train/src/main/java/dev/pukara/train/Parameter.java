package dev.pukara.train;

import dev.pukara.kernels.AdamStep;
import dev.pukara.kernels.Element;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.Tensor;
import dev.pukara.kernels.TrainingKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Weights that the optimizer moves, with all it keeps for them; f32, all of one shape.
 *
 * @param name the checkpoint's name of the first of the tensors in it
 * @param decays true if weight decay applies
 * @param values the weights
 * @param gradient of the loss, summed over the micro-batches of a step
 * @param mean moving mean of the gradient
 * @param square moving mean of its square
 * @param average moving average of the weights, if one is kept
 */
record Parameter(
    String name,
    boolean decays,
    Matrix values,
    Matrix gradient,
    Matrix mean,
    Matrix square,
    Optional<Matrix> average) {

  /** Makes room beside {@code values}; the average begins as a copy of them. */
  static Parameter of(Arena arena, String name, boolean decays, Matrix values, boolean averaged) {
    Parameter parameter =
        new Parameter(
            name,
            decays,
            values,
            like(arena, values),
            like(arena, values),
            like(arena, values),
            averaged ? Optional.of(like(arena, values)) : Optional.empty());
    parameter.average.ifPresent(average -> average.memory().copyFrom(values.memory()));
    return parameter;
  }

  private static Matrix like(Arena arena, Matrix values) {
    return Matrix.allocate(arena, Element.F32, values.rows(), values.cols());
  }

  /**
   * One step of AdamW.
   *
   * @param copy takes the new weights in bf16
   */
  void update(TrainingKernels kernels, AdamStep step, Optional<Matrix> copy) {
    AdamStep own = decays ? step : step.withoutDecay();
    kernels.adam(own, values, gradient, mean, square, average, copy);
  }

  /** Exchanges values and average, if one is kept. */
  void swapAverage() {
    if (average.isPresent()) {
      MemorySegment one = values.memory();
      MemorySegment other = average.get().memory();
      float[] row = new float[values.cols()];
      for (int i = 0; i < values.rows(); i++) {
        long at = 4L * i * row.length;
        MemorySegment.copy(one, Tensor.F32, at, row, 0, row.length);
        MemorySegment.copy(other, at, one, at, 4L * row.length);
        MemorySegment.copy(row, 0, other, Tensor.F32, at, row.length);
      }
    }
  }
}
