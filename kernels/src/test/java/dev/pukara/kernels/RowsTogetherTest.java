package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A row's integer product does not depend on the rows beside it, to the bit. */
class RowsTogetherTest {
  private static final int ROWS = 77;
  private static final int INPUTS = 1536;
  private static final int OUTPUTS = 576;

  @Test
  void int8RowsAloneEqualRowsTogether() {
    String reason = OneDnnTesting.whyNot();
    assumeTrue(reason == null, reason);
    try (Kernels kernels = OneDnnTesting.kernels(2);
        Arena arena = Arena.ofShared()) {
      Random random = new Random(20261126);
      Tensor weights = random(arena, random, OUTPUTS, INPUTS);
      Tensor x = random(arena, random, ROWS, INPUTS);
      Weights stored = Weights.of(BlockFormat.F32, OUTPUTS, INPUTS, weights.segment());
      try (Linear layer = kernels.linear(List.of(stored), Precision.INT8)) {
        Tensor together = forward(arena, kernels, layer, x, ROWS);
        int first = 0;
        for (int count : new int[] {1, 2, 3, 7, 16, 17, 31}) {
          Tensor alone = forward(arena, kernels, layer, x.rows(first, count), count);
          for (int i = 0; i < count; i++) {
            assertThat(alone.row(i)).as("row %d", first + i).isEqualTo(together.row(first + i));
          }
          first += count;
        }
      }
    }
  }

  private static Tensor random(Arena arena, Random random, int rows, int cols) {
    Tensor tensor = Tensor.allocate(arena, rows, cols);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < cols; j++) {
        tensor.set(i, j, (float) random.nextGaussian());
      }
    }
    return tensor;
  }

  private static Tensor forward(Arena arena, Kernels kernels, Linear layer, Tensor x, int rows) {
    Activations in = kernels.activations(arena, rows, INPUTS, Precision.INT8);
    kernels.write(x, rows, in);
    Tensor out = Tensor.allocate(arena, rows, OUTPUTS);
    layer.forward(in, rows, out, false);
    return out;
  }
}
