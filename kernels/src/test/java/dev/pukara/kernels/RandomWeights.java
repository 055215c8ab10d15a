package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** Random weights of every format, also those that are only read. */
final class RandomWeights {
  private RandomWeights() {}

  static Weights of(Arena arena, Random random, BlockFormat format, int rows, int cols) {
    MemorySegment data = arena.allocate(Math.max(1, format.bytesOf((long) rows * cols)), 64);
    if (format.canEncode()) {
      float[] values = new float[cols];
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < cols; j++) {
          values[j] = (float) random.nextGaussian() / 16;
        }
        long bytes = format.bytesOf(cols);
        format.encode(MemorySegment.ofArray(values), 0, cols, data.asSlice(i * bytes, bytes));
      }
    } else {
      byte[] bytes = new byte[(int) data.byteSize()];
      random.nextBytes(bytes);
      MemorySegment.copy(MemorySegment.ofArray(bytes), 0, data, 0, bytes.length);
      for (long block = 0; block < data.byteSize(); block += format.blockBytes()) {
        scales(random, format, data, block);
      }
    }
    return Weights.of(format, rows, cols, data);
  }

  /** Random bits make no good scales: they may be NaN. */
  private static void scales(Random random, BlockFormat format, MemorySegment data, long block) {
    int[] halves =
        switch (format) {
          case Q5_1, Q4_K, Q5_K -> new int[] {0, 2};
          case Q2_K -> new int[] {80, 82};
          case Q3_K -> new int[] {108};
          case Q6_K -> new int[] {208};
          default -> new int[0];
        };
    for (int at : halves) {
      data.set(Blocks.I16, block + at, Float.floatToFloat16(0.001f + 0.01f * random.nextFloat()));
    }
    if (format == BlockFormat.Q8_K) {
      data.set(Blocks.F32, block, 0.001f * random.nextFloat());
    }
  }
}
