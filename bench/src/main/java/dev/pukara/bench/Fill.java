package dev.pukara.bench;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Tensor;
import dev.pukara.kernels.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Random operands. */
final class Fill {
  private Fill() {}

  static void gaussian(Random random, Tensor tensor) {
    for (int i = 0; i < tensor.rows(); i++) {
      for (int j = 0; j < tensor.cols(); j++) {
        tensor.set(i, j, (float) random.nextGaussian());
      }
    }
  }

  /** Weights whose rows are all the same: what they are does not change the speed. */
  static Weights weights(Random random, Arena arena, BlockFormat format, int rows, int cols) {
    float[] values = new float[cols];
    for (int j = 0; j < cols; j++) {
      values[j] = (float) random.nextGaussian() / 32;
    }
    long bytes = format.bytesOf(cols);
    MemorySegment data = arena.allocate(bytes * rows, 64);
    MemorySegment first = data.asSlice(0, bytes);
    if (format.canEncode()) {
      format.encode(MemorySegment.ofArray(values), 0, cols, first);
    } else {
      // Bytes of 1: small, positive f16 scales in every layout.
      first.fill((byte) 1);
    }
    for (int i = 1; i < rows; i++) {
      data.asSlice(bytes * i, bytes).copyFrom(first);
    }
    return Weights.of(format, rows, cols, data);
  }
}
