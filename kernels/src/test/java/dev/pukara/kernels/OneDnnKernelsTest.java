package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What lies between the products, for every precision and both kinds of {@link RowMath}, against
 * {@link ScalarKernels}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OneDnnKernelsTest {
  private static final long SEED = Long.getLong("pukara.test.seed", 20261124L);

  private final Random random = new Random(SEED);
  private final List<OneDnnKernels> opened = new ArrayList<>();
  private OneDnnKernels plain;
  private OneDnnKernels vector;
  private Kernels scalar;
  private Arena arena;

  @BeforeAll
  void open() {
    String reason = OneDnnTesting.whyNot();
    assumeTrue(reason == null, reason);
    plain = new OneDnnKernels(new Workers(2), new PlainRowMath());
    vector = new OneDnnKernels(new Workers(2), new VectorRowMath());
    opened.addAll(List.of(plain, vector));
    scalar = new ScalarKernels(new Workers(2));
  }

  @AfterAll
  void close() {
    opened.forEach(OneDnnKernels::close);
    if (scalar != null) {
      scalar.close();
    }
  }

  @BeforeEach
  void openArena() {
    arena = Arena.ofShared();
  }

  @AfterEach
  void closeArena() {
    arena.close();
  }

  static Stream<Arguments> cases() {
    return Stream.of(Precision.values())
        .flatMap(p -> Stream.of(Arguments.of(p, false), Arguments.of(p, true)));
  }

  private Kernels tested(Precision precision, boolean withVectors) {
    Kernels kernels = withVectors ? vector : plain;
    assumeTrue(
        kernels.precisions().contains(precision),
        "this CPU has no instructions for " + precision.id());
    return kernels;
  }

  private Tensor gaussian(int rows, int cols, float magnitude) {
    Tensor tensor = Tensor.allocate(arena, rows, cols);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < cols; j++) {
        tensor.set(i, j, magnitude * (float) random.nextGaussian());
      }
    }
    return tensor;
  }

  /** Asserts that the rows hold {@code expected} as well as their form can. */
  private void assertHolds(String what, Kernels kernels, Activations actual, Tensor expected) {
    Tensor read = Tensor.allocate(arena, expected.rows(), expected.cols());
    kernels.read(actual, expected.rows(), read);
    for (int i = 0; i < expected.rows(); i++) {
      for (int j = 0; j < expected.cols(); j++) {
        float value = expected.get(i, j);
        double step =
            switch (actual) {
              case U8Rows rows -> 0.51 * rows.scale(i, j / U8Rows.group(rows.width()));
              case Bf16Rows ignored -> Math.abs(value) / 255;
              default -> 0;
            };
        double slack = step + 3e-6 * Math.abs(value) + 1e-30;
        assertThat((double) read.get(i, j))
            .as("%s at (%d, %d), seed %d", what, i, j, SEED)
            .isBetween(value - slack, value + slack);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void norm(Precision precision, boolean withVectors) {
    Kernels kernels = tested(precision, withVectors);
    for (int width : new int[] {1, 7, 31, 33, 64, 576, 2049}) {
      Tensor x = gaussian(5, width, 3);
      Tensor gain = gaussian(1, width, 1);
      F32Activations expected = F32Activations.allocate(arena, 5, width);
      scalar.rmsNorm(x, 5, gain, 1e-5f, expected);
      Activations actual = kernels.activations(arena, 5, width, precision);
      kernels.rmsNorm(x, 5, gain, 1e-5f, actual);
      assertHolds("norm of " + width, kernels, actual, expected.rows());
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void swiglu(Precision precision, boolean withVectors) {
    Kernels kernels = tested(precision, withVectors);
    for (int width : new int[] {1, 7, 31, 33, 64, 576, 1536}) {
      for (float magnitude : new float[] {1e-3f, 3, 60}) {
        Tensor gateUp = gaussian(5, 2 * width, magnitude);
        F32Activations expected = F32Activations.allocate(arena, 5, width);
        scalar.swiglu(gateUp, 5, expected);
        Activations actual = kernels.activations(arena, 5, width, precision);
        kernels.swiglu(gateUp, 5, actual);
        assertHolds("swiglu of " + width, kernels, actual, expected.rows());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void writtenRowsAreReadBack(Precision precision, boolean withVectors) {
    Kernels kernels = tested(precision, withVectors);
    for (int width : new int[] {1, 15, 64, 1030}) {
      Tensor x = gaussian(9, width, 2);
      Activations actual = kernels.activations(arena, 9, width, precision);
      kernels.write(x, 9, actual);
      assertHolds("row of " + width, kernels, actual, x);
    }
  }

  /** What cannot be a number stays recognisable: it must not turn into a plausible score. */
  @ParameterizedTest
  @MethodSource("cases")
  void notANumberStaysSo(Precision precision, boolean withVectors) {
    Kernels kernels = tested(precision, withVectors);
    Tensor x = gaussian(2, 64, 1);
    x.set(1, 37, Float.NaN);
    Activations rows = kernels.activations(arena, 2, 64, precision);
    kernels.write(x, 2, rows);
    Weights ones = Weights.of(BlockFormat.F32, 1, 64, onesOf(64).segment());
    Tensor out = Tensor.allocate(arena, 2, 1);
    try (Linear layer = kernels.linear(List.of(ones), precision)) {
      layer.forward(rows, 2, out, false);
    }
    assertThat(out.get(0, 0)).isFinite();
    assertThat(out.get(1, 0)).isNaN();
  }

  private Tensor onesOf(int cols) {
    Tensor ones = Tensor.allocate(arena, 1, cols);
    for (int j = 0; j < cols; j++) {
      ones.set(0, j, 1);
    }
    return ones;
  }

  private static double attentionTolerance(Precision precision) {
    return switch (precision) {
      case F32 -> 3e-5;
      case BF16, GROUP32 -> 0.05;
      case INT8 -> 0.07;
    };
  }

  @ParameterizedTest
  @MethodSource("cases")
  void attention(Precision precision, boolean withVectors) {
    Kernels kernels = tested(precision, withVectors);
    List<Heads> shapes =
        List.of(
            new Heads(9, 3, 64),
            new Heads(8, 2, 128),
            new Heads(4, 4, 32),
            new Heads(6, 1, 80),
            new Heads(4, 2, 18));
    for (Heads heads : shapes) {
      for (int rows : new int[] {1, 2, 13, 64, 150}) {
        block(kernels, precision, heads, new int[][] {{rows, 0}});
      }
      // Rows, tokens of the own span that are there already, tokens of the context's spans.
      block(
          kernels,
          precision,
          heads,
          new int[][] {{1, 0, 33}, {17, 3, 5, 1, 70}, {4, 0}, {9, 20}, {2, 0, 0, 31}});
    }
    block(kernels, precision, new Heads(6, 2, 64), new int[][] {{30, 7, 1100, 513}, {600, 0}});
  }

  /** RoPE, store and attention of one block against the scalar kernels. */
  private void block(Kernels kernels, Precision precision, Heads heads, int[][] shapes) {
    List<Slice> expectedSlices = new ArrayList<>();
    List<Slice> actualSlices = new ArrayList<>();
    int rows = 0;
    for (int[] shape : shapes) {
      List<Slice.Part> expectedContext = new ArrayList<>();
      List<Slice.Part> actualContext = new ArrayList<>();
      for (int i = 2; i < shape.length; i++) {
        KvSpan[] pair = spans(kernels, precision, heads, shape[i] + 3);
        expectedContext.add(new Slice.Part(pair[0], shape[i]));
        actualContext.add(new Slice.Part(pair[1], shape[i]));
      }
      KvSpan[] own = spans(kernels, precision, heads, shape[0] + shape[1] + 2);
      expectedSlices.add(new Slice(rows, shape[0], expectedContext, own[0], shape[1]));
      actualSlices.add(new Slice(rows, shape[0], actualContext, own[1], shape[1]));
      rows += shape[0];
    }
    float[] frequencies = new float[heads.size() / 2];
    for (int j = 0; j < frequencies.length; j++) {
      frequencies[j] = (float) Math.pow(10_000, -2.0 * j / heads.size());
    }
    Tensor expected = gaussian(rows, heads.qkvWidth(), 1);
    Tensor actual = Tensor.of(arena, rows, heads.qkvWidth(), expected.toArray());
    scalar.ropeAndStore(expected, expectedSlices, 1, heads, frequencies);
    kernels.ropeAndStore(actual, actualSlices, 1, heads, frequencies);
    assertWithin(1e-5, "rope of " + heads, actual, expected);
    int width = heads.queryHeads() * heads.size();
    F32Activations expectedOut = F32Activations.allocate(arena, rows, width);
    Activations actualOut = kernels.activations(arena, rows, width, precision);
    scalar.attention(expected, expectedSlices, 1, heads, expectedOut);
    kernels.attention(actual, actualSlices, 1, heads, actualOut);
    Tensor read = Tensor.allocate(arena, rows, width);
    kernels.read(actualOut, rows, read);
    String what = "attention of " + heads + ", " + rows + " rows";
    assertWithin(attentionTolerance(precision), what, read, expectedOut.rows());
  }

  private void assertWithin(double tolerance, String what, Tensor actual, Tensor expected) {
    double worst = 0;
    for (int i = 0; i < expected.rows(); i++) {
      for (int j = 0; j < expected.cols(); j++) {
        double error = Math.abs(actual.get(i, j) - expected.get(i, j));
        worst = error <= worst ? worst : error;
      }
    }
    assertThat(worst).as("%s, seed %d", what, SEED).isLessThanOrEqualTo(tolerance);
  }

  /** Two spans of two blocks with the same content: for the scalar kernels, for those tested. */
  private KvSpan[] spans(Kernels kernels, Precision precision, Heads heads, int capacity) {
    KvSpan expected = KvSpan.allocate(arena, 2, heads.kvHeads(), heads.size(), capacity);
    KvSpan actual = kernels.span(arena, 2, heads, capacity, precision);
    for (int head = 0; head < heads.kvHeads(); head++) {
      fill(expected.keys(1, head), actual.keyAddress(1, head), actual);
      fill(expected.values(1, head), actual.valueAddress(1, head), actual);
    }
    return new KvSpan[] {expected, actual};
  }

  private void fill(Tensor tokens, long other, KvSpan span) {
    MemorySegment copy =
        MemorySegment.ofAddress(other).reinterpret((long) tokens.rows() * span.tokenBytes());
    for (int i = 0; i < tokens.rows() * tokens.cols(); i++) {
      short bits = Blocks.floatToBf16((float) random.nextGaussian());
      float value = Blocks.bf16ToFloat(bits);
      tokens.set(i / tokens.cols(), i % tokens.cols(), value);
      if (span.isBf16()) {
        copy.setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
      } else {
        copy.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
      }
    }
  }

  @Test
  void spansOfBf16TakeHalfTheMemory() {
    assumeTrue(vector.precisions().contains(Precision.BF16), "this CPU has no bf16 products");
    Heads heads = new Heads(9, 3, 64);
    assertThat(2 * vector.spanBytes(30, heads, 100, Precision.INT8))
        .isEqualTo(vector.spanBytes(30, heads, 100, Precision.F32));
    assertThat(vector.span(arena, 30, heads, 100, Precision.INT8).isBf16()).isTrue();
    assertThat(vector.span(arena, 30, heads, 100, Precision.F32).isBf16()).isFalse();
  }

  @Test
  void embedsRows() {
    Weights table = RandomWeights.of(arena, random, BlockFormat.Q4_0, 40, 64);
    int[] ids = {39, 0, 5, 5, 17};
    Tensor expected = Tensor.allocate(arena, 5, 64);
    Tensor actual = Tensor.allocate(arena, 5, 64);
    scalar.embed(table, ids, expected);
    vector.embed(table, ids, actual);
    assertThat(actual.toArray()).containsExactly(expected.toArray());
  }
}
