package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Row-wise operations of a training step against {@link Reference}. */
class TrainingKernelsTest {
  private static final float EPS = 1e-5f;

  private final Arena arena = Arena.ofShared();
  private final Workers workers = new Workers(2);
  private final TrainingKernels kernels = new TrainingKernels(workers);
  private final Random random = new Random(20261124);

  @AfterEach
  void close() {
    kernels.close();
    workers.close();
    arena.close();
  }

  private Matrix random(Element element, int rows, int cols) {
    return Matrices.random(arena, random, element, rows, cols);
  }

  private Matrix f32(int rows, int cols) {
    return Matrix.allocate(arena, Element.F32, rows, cols);
  }

  /** What a value may differ by, as a part of the greatest. */
  private static double most(Element element) {
    return element == Element.BF16 ? 1.0 / 256 : 2e-6;
  }

  private static void assertClose(String what, Matrix actual, double[] expected, Element element) {
    Matrices.assertClose(what, Matrices.values(actual), expected, most(element));
  }

  @ParameterizedTest
  @CsvSource({"F32, 1, 8", "F32, 13, 576", "BF16, 7, 100", "BF16, 64, 576", "F32, 5, 33"})
  void rmsNorm(Element element, int rows, int width) {
    Matrix x = random(Element.F32, rows, width);
    Matrix gain = random(Element.F32, 1, width);
    Matrix factors = f32(1, rows);
    Matrix out = Matrix.allocate(arena, element, rows, width);
    kernels.rmsNorm(x, gain, EPS, factors, out);
    double[] expected = Reference.rmsNorm(Matrices.doubles(x), Matrices.doubles(gain), EPS);
    assertClose("norm", out, expected, element);

    Matrix dy = random(Element.F32, rows, width);
    Matrix dx = random(Element.F32, rows, width);
    Matrix dGain = random(Element.F32, 1, width);
    Matrix normed = Matrix.allocate(arena, element, rows, width);
    Matrix copy = Matrix.allocate(arena, element, rows, width);
    double[] expectedDx = Matrices.doubles(dx);
    double[] expectedDGain = Matrices.doubles(dGain);
    Reference.rmsNormBackward(
        Matrices.doubles(dy),
        Matrices.doubles(x),
        Matrices.doubles(gain),
        EPS,
        expectedDx,
        expectedDGain);
    kernels.rmsNormBackward(dy, x, gain, factors, dx, dGain, normed, copy);
    assertClose("dx", dx, expectedDx, Element.F32);
    assertClose("dGain", dGain, expectedDGain, Element.F32);
    assertThat(Matrices.values(normed)).containsExactly(Matrices.values(out));
    assertClose("copy of dx", copy, expectedDx, element);
  }

  @ParameterizedTest
  @CsvSource({"F32, 3, 16", "F32, 9, 37", "BF16, 17, 64", "BF16, 4, 21"})
  void swiglu(Element element, int rows, int width) {
    Matrix gateUp = random(element, rows, 2 * width);
    Matrix dy = random(element, rows, width);
    Matrix out = Matrix.allocate(arena, element, rows, width);
    Matrix again = Matrix.allocate(arena, element, rows, width);
    double[] input = Matrices.doubles(gateUp);
    double[] gradient = new double[input.length];
    Reference.swigluBackward(Matrices.doubles(dy), input, width, gradient);
    kernels.swiglu(gateUp, out);
    assertClose("swiglu", out, Reference.swiglu(input, width), element);
    kernels.swigluBackward(dy, gateUp, again);
    assertClose("gradient", gateUp, gradient, element);
    assertThat(Matrices.values(again)).containsExactly(Matrices.values(out));
  }

  @Test
  void roundsToNearestEven() {
    Matrix x = random(Element.F32, 5, 77);
    Matrix out = Matrix.allocate(arena, Element.BF16, 5, 77);
    kernels.convert(x, out);
    for (int i = 0; i < 5; i++) {
      for (int j = 0; j < 77; j++) {
        float expected = Blocks.bf16ToFloat(Blocks.floatToBf16(Matrices.get(x, i, j)));
        assertThat(Matrices.get(out, i, j)).isEqualTo(expected);
      }
    }
  }

  @Test
  void rowsOfMatrices() {
    Matrix x = random(Element.F32, 3, 45);
    Matrix y = random(Element.F32, 2, 45);
    double expected = 0;
    for (int j = 0; j < 45; j++) {
      expected += (double) Matrices.get(x, 2, j) * Matrices.get(y, 1, j);
    }
    assertThat(TrainingKernels.dot(x, 2, y, 1)).isCloseTo((float) expected, offset(1e-4f));
    float before = Matrices.get(y, 0, 44);
    TrainingKernels.addScaled(x, 1, 0.5f, y, 0);
    assertThat(Matrices.get(y, 0, 44))
        .isCloseTo(before + 0.5f * Matrices.get(x, 1, 44), offset(1e-6f));
    kernels.zero(y);
    assertThat(Matrices.values(y)).containsOnly(0f);
  }

  @Test
  void addsBeforeNorm() {
    Matrix residual = random(Element.F32, 3, 20);
    Matrix x = random(Element.F32, 3, 20);
    Matrix gain = random(Element.F32, 1, 20);
    double[] sum = Matrices.doubles(x);
    for (int i = 0; i < sum.length; i++) {
      sum[i] += Matrices.get(residual, i / 20, i % 20);
    }
    Matrix out = f32(3, 20);
    kernels.addAndNorm(residual, x, gain, EPS, f32(1, 3), out);
    assertClose("sum", x, sum, Element.F32);
    assertClose("norm", out, Reference.rmsNorm(sum, Matrices.doubles(gain), EPS), Element.F32);
  }

  /** The formulas of arXiv 1711.05101, algorithm 2, value by value. */
  @ParameterizedTest
  @CsvSource({"1, 16, false", "3, 21, true"})
  void adam(int rows, int cols, boolean extras) {
    Matrix weights = random(Element.F32, rows, cols);
    Matrix gradients = random(Element.F32, rows, cols);
    Matrix means = random(Element.F32, rows, cols);
    Matrix squares = f32(rows, cols);
    Matrix average = random(Element.F32, rows, cols);
    Matrix copy = Matrix.allocate(arena, Element.BF16, rows, cols);
    double[] w = Matrices.doubles(weights);
    double[] g = Matrices.doubles(gradients);
    double[] m = Matrices.doubles(means);
    double[] v = Matrices.doubles(squares);
    double[] a = Matrices.doubles(average);
    AdamStep step = new AdamStep(0.01f, 0.98f, 0.9f, 0.99f, 0.3f, 1e-3f, 0.5f, 0.75f);
    for (int i = 0; i < w.length; i++) {
      double gradient = 0.5 * g[i];
      m[i] = 0.9 * m[i] + 0.1 * gradient;
      v[i] = 0.99 * v[i] + 0.01 * gradient * gradient;
      w[i] = 0.98 * w[i] - 0.01 * m[i] / (Math.sqrt(v[i]) / 0.3 + 1e-3);
      a[i] = 0.75 * a[i] + 0.25 * w[i];
    }
    kernels.adam(
        step,
        weights,
        gradients,
        means,
        squares,
        extras ? Optional.of(average) : Optional.empty(),
        extras ? Optional.of(copy) : Optional.empty());
    assertClose("weights", weights, w, Element.F32);
    assertClose("means", means, m, Element.F32);
    assertClose("squares", squares, v, Element.F32);
    if (extras) {
      assertClose("average", average, a, Element.F32);
      assertClose("copy", copy, w, Element.BF16);
    }
  }

  @Test
  void sumOfSquares() {
    Matrix x = random(Element.F32, 3, 9000);
    double expected = 0;
    for (double value : Matrices.doubles(x)) {
      expected += value * value;
    }
    assertThat(kernels.squares(x)).isCloseTo(expected, offset(expected * 1e-6));
  }

  @Test
  void roundsAsTheFormatStores() {
    Matrix weights = random(Element.F32, 3, 64);
    Matrix out = f32(3, 64);
    kernels.roundTo(BlockFormat.Q4_0, weights, out);
    MemorySegment stored = arena.allocate(BlockFormat.Q4_0.bytesOf(64));
    MemorySegment row = arena.allocate(4 * 64);
    BlockFormat.Q4_0.encode(Lanes.ALL, weights.address(1, 0), 64, stored);
    BlockFormat.Q4_0.decode(stored, 0, 64, row, 0);
    for (int j = 0; j < 64; j++) {
      assertThat(Matrices.get(out, 1, j)).isEqualTo(row.get(Tensor.F32, 4L * j));
    }
    kernels.roundTo(BlockFormat.Q4_0, weights, weights);
    assertThat(Matrices.values(weights)).containsExactly(Matrices.values(out));
  }

  @Test
  void shapesAreChecked() {
    Matrix x = f32(2, 8);
    assertThatThrownBy(() -> kernels.swiglu(x, x))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("swiglu of [Matrix(2, 8) F32");
    assertThatThrownBy(() -> kernels.rmsNorm(x, x, EPS, x, x))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
