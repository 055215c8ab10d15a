package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Linear layers of every precision against {@link ScalarKernels} in f32. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OneDnnLinearTest {
  private static final long SEED = 20261124;

  private final Arena arena = Arena.ofShared();
  private Kernels onednn;
  private Kernels scalar;

  @BeforeAll
  void load() {
    String reason = OneDnnTesting.whyNot();
    assumeTrue(reason == null, reason);
    onednn = OneDnnTesting.kernels(2);
    scalar = new ScalarKernels(new Workers(2));
  }

  @AfterAll
  void close() {
    if (onednn != null) {
      onednn.close();
      scalar.close();
    }
    arena.close();
  }

  /**
   * Greatest error of a result, relative to the lengths of the row of activations and the row of
   * weights, times the root of their number: independent rounding errors add up to the root of
   * their number, while the lengths' product grows with the number.
   */
  private static double tolerance(Precision precision) {
    return switch (precision) {
      case F32 -> 2e-5;
      case BF16 -> 0.02;
      case GROUP32 -> 0.035;
      case INT8 -> 0.08;
    };
  }

  private void requireSupported(Precision precision) {
    assumeTrue(
        onednn.precisions().contains(precision),
        "this CPU has no instructions for " + precision.id());
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

  private static Weights weights(Tensor tensor) {
    return Weights.of(BlockFormat.F32, tensor.rows(), tensor.cols(), tensor.segment());
  }

  private Tensor forward(
      Kernels kernels,
      Precision precision,
      List<Weights> stacked,
      Tensor x,
      @Nullable Tensor onto) {
    try (Linear layer = kernels.linear(stacked, precision)) {
      return forward(kernels, layer, x, x.rows(), onto);
    }
  }

  private Tensor forward(Kernels kernels, Linear layer, Tensor x, int rows, @Nullable Tensor onto) {
    Activations in = kernels.activations(arena, x.rows(), x.cols(), layer.precision());
    kernels.write(x, rows, in);
    Tensor out = Tensor.allocate(arena, x.rows(), layer.outputs());
    if (onto != null) {
      out.segment().copyFrom(onto.segment());
    }
    layer.forward(in, rows, out, onto != null);
    return out;
  }

  private static double[] lengths(Tensor tensor) {
    double[] lengths = new double[tensor.rows()];
    for (int i = 0; i < lengths.length; i++) {
      for (float value : tensor.row(i)) {
        lengths[i] += (double) value * value;
      }
      lengths[i] = Math.sqrt(lengths[i]);
    }
    return lengths;
  }

  /** Asserts every result within the tolerance; {@code onto} is what the product was added to. */
  private static void assertClose(
      String what, Tensor actual, Tensor expected, Tensor x, Tensor w, double tolerance) {
    double worst = 0;
    String where = "";
    double[] xLengths = lengths(x);
    double[] wLengths = lengths(w);
    for (int i = 0; i < x.rows(); i++) {
      for (int j = 0; j < w.rows(); j++) {
        double unit = xLengths[i] * wLengths[j] / Math.sqrt(x.cols());
        double error = Math.abs(actual.get(i, j) - expected.get(i, j)) / unit;
        if (!(error <= worst)) {
          worst = error;
          where = String.format(Locale.ROOT, "row %d, column %d", i, j);
        }
      }
    }
    assertThat(worst).as("%s, %s, seed %d", what, where, SEED).isLessThan(tolerance);
  }

  @ParameterizedTest
  @EnumSource
  void agreesWithScalarForAllSizes(Precision precision) {
    requireSupported(precision);
    Random random = new Random(SEED);
    int[][] shapes = {
      {1, 32, 1},
      {2, 64, 30},
      {3, 576, 960},
      {17, 96, 65},
      {64, 1536, 576},
      {113, 192, 257},
      {130, 2048, 128},
      {257, 64, 64},
      {300, 160, 100},
      {515, 96, 200}
    };
    for (int[] shape : shapes) {
      Tensor x = random(random, shape[0], shape[1]);
      Tensor w = random(random, shape[2], shape[1]);
      List<Weights> stacked = List.of(weights(w));
      String what = precision.id() + " " + shape[0] + " x " + shape[1] + " x " + shape[2];
      double tolerance = tolerance(precision);
      Tensor expected = forward(scalar, Precision.F32, stacked, x, null);
      Tensor actual = forward(onednn, precision, stacked, x, null);
      assertClose(what, actual, expected, x, w, tolerance);
      Tensor onto = random(random, shape[0], shape[2]);
      expected = forward(scalar, Precision.F32, stacked, x, onto);
      actual = forward(onednn, precision, stacked, x, onto);
      assertClose(what + ", added", actual, expected, x, w, tolerance);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"INT8", "BF16", "F32"})
  void takesOddNumbersOfInputs(Precision precision) {
    requireSupported(precision);
    Random random = new Random(SEED);
    for (int inputs : new int[] {1, 2, 3, 5, 63, 65, 127, 1025, 1999}) {
      Tensor x = random(random, 9, inputs);
      Tensor w = random(random, 33, inputs);
      Tensor expected = forward(scalar, Precision.F32, List.of(weights(w)), x, null);
      Tensor actual = forward(onednn, precision, List.of(weights(w)), x, null);
      assertClose(precision.id() + " " + inputs, actual, expected, x, w, tolerance(precision));
    }
  }

  /** One packed layer serves every number of rows, and a row's result does not depend on it. */
  @ParameterizedTest
  @EnumSource
  void rowsDoNotDependOnTheirNeighbours(Precision precision) {
    requireSupported(precision);
    Random random = new Random(SEED);
    Tensor x = random(random, 300, 576);
    Tensor w = random(random, 192, 576);
    try (Linear layer = onednn.linear(List.of(weights(w)), precision)) {
      Tensor all = forward(onednn, layer, x, 300, null);
      for (int rows : new int[] {1, 2, 3, 4, 7, 8, 15, 16, 31, 33, 64, 112, 129, 255, 256, 299}) {
        Tensor some = forward(onednn, layer, x, rows, null);
        for (int i = 0; i < rows; i++) {
          if (precision == Precision.INT8) {
            assertThat(some.row(i)).as("%d rows, row %d", rows, i).isEqualTo(all.row(i));
          } else {
            assertThat(some.row(i))
                .as("%d rows, row %d", rows, i)
                .containsExactly(all.row(i), within(3e-4f));
          }
        }
      }
    }
  }

  /** Stacked matrices are one layer; selected and reordered rows come out in that order. */
  @ParameterizedTest
  @EnumSource
  void stacksAndReordersWeights(Precision precision) {
    requireSupported(precision);
    Random random = new Random(SEED);
    Tensor a = random(random, 70, 128);
    Tensor b = random(random, 300, 128);
    Tensor x = random(random, 5, 128);
    Weights reordered = weights(b).select(new int[] {299, 0, 17});
    Tensor together =
        forward(onednn, precision, List.of(weights(a), weights(b), reordered), x, null);
    Tensor first = forward(onednn, precision, List.of(weights(a)), x, null);
    Tensor second = forward(onednn, precision, List.of(weights(b)), x, null);
    for (int i = 0; i < 5; i++) {
      for (int j = 0; j < 373; j++) {
        int row = j - 70;
        int selected = row >= 300 ? new int[] {299, 0, 17}[row - 300] : row;
        float expected = j < 70 ? first.get(i, j) : second.get(i, selected);
        assertThat(together.get(i, j)).isCloseTo(expected, within(1e-4f));
      }
    }
  }

  /** Rows and columns of zeros, and the greatest codes everywhere, give what they should. */
  @ParameterizedTest
  @EnumSource
  void takesExtremes(Precision precision) {
    requireSupported(precision);
    Tensor x = Tensor.allocate(arena, 3, 2048);
    Tensor w = Tensor.allocate(arena, 3, 2048);
    for (int j = 0; j < 2048; j++) {
      x.set(1, j, 1);
      x.set(2, j, -1);
      w.set(1, j, 1);
      w.set(2, j, -1);
    }
    Tensor out = forward(onednn, precision, List.of(weights(w)), x, null);
    // Where neighbours share 127 codes, one half of them rounds to 64.
    float error = precision == Precision.INT8 && !OneDnn.hasVnni() ? 17 : 0.01f;
    assertThat(out.row(0)).containsExactly(0, 0, 0);
    assertThat(out.row(1)).containsExactly(new float[] {0, 2048, -2048}, within(error));
    assertThat(out.row(2)).containsExactly(new float[] {0, -2048, 2048}, within(error));
  }

  /**
   * One activation far above the others, as trained models have them, meets great weights beside
   * each other: the case in which sums in 16 bits would saturate.
   */
  @ParameterizedTest
  @EnumSource
  void outliersMeetGreatNeighbours(Precision precision) {
    requireSupported(precision);
    Random random = new Random(SEED);
    Tensor x = random(random, 8, 576);
    Tensor w = random(random, 64, 576);
    for (int i = 0; i < x.rows(); i++) {
      x.set(i, 2 * i, 300);
    }
    for (int j = 0; j < w.rows(); j++) {
      for (int k = 0; k < 2 * x.rows(); k++) {
        w.set(j, k, j % 2 == 0 ? 4 : -4);
      }
    }
    Tensor expected = forward(scalar, Precision.F32, List.of(weights(w)), x, null);
    Tensor actual = forward(onednn, precision, List.of(weights(w)), x, null);
    for (int i = 0; i < x.rows(); i++) {
      for (int j = 0; j < w.rows(); j++) {
        assertThat(actual.get(i, j)).isCloseTo(expected.get(i, j), withinPercentage(10));
      }
    }
  }

  /** Unit rows of activations show the weights one by one: bf16 keeps eight bits of each. */
  @ParameterizedTest
  @EnumSource(names = {"Q4_0", "Q5_0", "Q8_0"})
  void groupsOfTheFileKeepTheirScales(BlockFormat format) {
    requireSupported(Precision.GROUP32);
    int rows = 300;
    int size = 64;
    Random random = new Random(SEED);
    Tensor values = random(random, rows, size);
    long rowBytes = format.bytesOf(size);
    MemorySegment data = arena.allocate(rows * rowBytes);
    for (int row = 0; row < rows; row++) {
      MemorySegment out = data.asSlice(row * rowBytes, rowBytes);
      format.encode(values.segment(), 4L * row * size, size, out);
    }
    // A matrix without blocks above it: rows are counted through the stack.
    Tensor above = random(random, 20, size);
    List<Weights> stack = List.of(weights(above), Weights.of(format, rows, size, data));
    Tensor unit = Tensor.allocate(arena, size, size);
    for (int j = 0; j < size; j++) {
      unit.set(j, j, 1);
    }
    Tensor out = forward(onednn, Precision.GROUP32, stack, unit, null);
    Tensor exact = forward(scalar, Precision.F32, stack, unit, null);
    for (int j = 0; j < size; j++) {
      for (int row = above.rows(); row < above.rows() + rows; row++) {
        float weight = exact.get(j, row);
        assertThat(out.get(j, row)).isCloseTo(weight, within(Math.abs(weight) / 250));
      }
    }
  }

  @Test
  void refusesGroupsThatDoNotFit() {
    requireSupported(Precision.GROUP32);
    Tensor w = Tensor.allocate(arena, 4, 48);
    assertThatThrownBy(() -> onednn.linear(List.of(weights(w)), Precision.GROUP32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("48 inputs in groups of 32");
  }

  @Test
  void residentBytesAreThoseOfThePackedWeights() {
    requireSupported(Precision.INT8);
    MemorySegment data = arena.allocate(BlockFormat.Q8_0.bytesOf(576L * 3072));
    Weights stored = Weights.of(BlockFormat.Q8_0, 3072, 576, data);
    try (Linear layer = onednn.linear(List.of(stored), Precision.INT8)) {
      long weightBytes = 576L * 3072;
      long constantBytes = 2L * 4 * 3072;
      assertThat(layer.residentBytes()).isEqualTo(weightBytes + constantBytes);
    }
  }
}
