package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Layers made from what other layers packed are the same layers. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PackedMemoryTest {
  private static final int ROWS = 37;
  private static final int[][] SHAPES = {{320, 64}, {96, 320}, {64, 2080}};

  private final Arena arena = Arena.ofShared();
  private List<Weights> weights;

  @BeforeAll
  void load() {
    String reason = OneDnnTesting.whyNot();
    assumeTrue(reason == null, reason);
    Random random = new Random(20261126);
    weights = new ArrayList<>();
    for (int[] shape : SHAPES) {
      Tensor values = random(random, shape[0], shape[1]);
      weights.add(Weights.of(BlockFormat.F32, shape[0], shape[1], values.segment()));
    }
  }

  private Tensor random(Random random, int rows, int cols) {
    Tensor tensor = Tensor.allocate(arena, rows, cols);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < cols; j++) {
        tensor.set(i, j, (float) random.nextGaussian());
      }
    }
    return tensor;
  }

  private List<float[]> results(Kernels kernels, Precision precision, PackedMemory memory) {
    List<float[]> results = new ArrayList<>();
    for (Weights each : weights) {
      Linear layer = kernels.linear(List.of(each), precision, memory);
      Tensor x = random(new Random(5), ROWS, each.cols());
      Activations in = kernels.activations(arena, ROWS, each.cols(), precision);
      kernels.write(x, ROWS, in);
      Tensor out = Tensor.allocate(arena, ROWS, each.rows());
      layer.forward(in, ROWS, out, false);
      for (int i = 0; i < ROWS; i++) {
        results.add(out.row(i));
      }
      layer.close();
    }
    memory.complete();
    return results;
  }

  private MemorySegment joined(List<MemorySegment> pieces) {
    MemorySegment all =
        arena.allocate(pieces.stream().mapToLong(MemorySegment::byteSize).sum(), 64);
    long at = 0;
    for (MemorySegment piece : pieces) {
      all.asSlice(at, piece.byteSize()).copyFrom(piece);
      at += piece.byteSize();
    }
    return all;
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void filledMemoryGivesTheSameBits(Precision precision) {
    List<float[]> expected;
    MemorySegment kept;
    try (Kernels first = OneDnnTesting.kernels(2);
        PackedMemory memory = PackedMemory.empty()) {
      assumeTrue(first.precisions().contains(precision), "this CPU lacks " + precision.id());
      expected = results(first, precision, memory);
      kept = joined(memory.pieces());
      assertThat(kept.byteSize()).isEqualTo(memory.bytes());
    }
    // Kernels of their own, as after a new start: no product was made for these layouts yet.
    try (Kernels second = OneDnnTesting.kernels(2);
        PackedMemory memory = PackedMemory.filled(kept.asReadOnly(), Arena.ofShared())) {
      List<float[]> actual = results(second, precision, memory);
      for (int i = 0; i < expected.size(); i++) {
        assertThat(actual.get(i)).as("row %d", i).isEqualTo(expected.get(i));
      }
    }
  }

  @Test
  void memoryOfOtherLayersIsRefused() {
    try (Kernels kernels = OneDnnTesting.kernels(1);
        PackedMemory memory = PackedMemory.empty()) {
      results(kernels, Precision.F32, memory);
      MemorySegment kept = joined(memory.pieces());
      MemorySegment cut = kept.asSlice(0, kept.byteSize() - 64);
      MemorySegment more = joined(List.of(kept, arena.allocate(64)));
      for (MemorySegment wrong : List.of(cut, more, MemorySegment.NULL)) {
        PackedMemory filled = PackedMemory.filled(wrong, Arena.ofShared());
        assertThatThrownBy(() -> results(kernels, Precision.F32, filled))
            .isInstanceOf(PackedMemory.MisfitException.class)
            .hasMessageContaining("packed weights");
      }
    }
  }
}
