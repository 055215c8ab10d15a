package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * VectorKernels against ScalarKernels, which sum in double. Run once for each width of vectors (see
 * the module's pom.xml): {@code -Dpukara.vector.bits=128|256|512}.
 *
 * <p>The partial sums of n random products of size s grow as {@code s sqrt(k)}, each is rounded by
 * some 3e-8 of itself, so that the result of f32 sums is off by about {@code 2e-8 s n}; the bound
 * for linear layers is fifteen times that.
 */
class VectorParityTest {
  private static final long SEED = Long.getLong("pukara.test.seed", 20261124L);

  private static final Workers workers = new Workers(2);
  private static final Kernels scalar = new ScalarKernels(workers);
  private static final Kernels vector = new VectorKernels(workers);

  private final Random random = new Random(SEED);

  @AfterAll
  static void close() {
    vector.close();
  }

  static IntStream widths() {
    return IntStream.of(
        1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129, 255, 256, 257, 576,
        1000, 1023, 2047, 2048, 2049, 4096, 4097, 4098);
  }

  static IntStream rowCounts() {
    return IntStream.of(1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 15, 16, 23, 24, 25, 60, 97);
  }

  @ParameterizedTest
  @MethodSource("widths")
  void linearOfAnyDepth(int inputs) {
    for (int rows : new int[] {1, 3, 14}) {
      linear(BlockFormat.F32, rows, inputs, 37, false);
      linear(BlockFormat.F32, rows, inputs, 64, true);
    }
  }

  @ParameterizedTest
  @MethodSource("widths")
  void linearOfAnyOutputs(int outputs) {
    for (int rows : new int[] {2, 12, 17}) {
      linear(BlockFormat.BF16, rows, 45, outputs, outputs % 2 == 0);
    }
  }

  @ParameterizedTest
  @MethodSource("rowCounts")
  void linearOfAnyRows(int rows) {
    linear(BlockFormat.F16, rows, 70, 96, false);
    linear(BlockFormat.F16, rows, 70, 33, true);
  }

  @ParameterizedTest
  @ValueSource(ints = {767, 768, 769, 1537})
  void linearOfLongBatches(int rows) {
    linear(BlockFormat.Q8_0, rows, 32, 40, true);
  }

  @ParameterizedTest
  @EnumSource(BlockFormat.class)
  void linearOfEveryFormat(BlockFormat format) {
    for (int rows : new int[] {1, 7, 24}) {
      linear(format, rows, 256, 48, false);
      linear(format, rows, 2048 + 256, 19, true);
    }
  }

  @Test
  void linearOfStackedMatricesOfSeveralFormatsAndSelectedRows() {
    try (Arena arena = Arena.ofShared()) {
      List<Weights> stacked =
          List.of(
              weights(arena, BlockFormat.Q4_0, 50, 256).select(new int[] {49, 0, 7, 7, 23}),
              weights(arena, BlockFormat.F32, 33, 256),
              onHeap(weights(arena, BlockFormat.Q6_K, 70, 256)));
      linear(arena, stacked, 3, false);
      linear(arena, stacked, 31, true);
    }
  }

  private void linear(BlockFormat format, int rows, int inputs, int outputs, boolean accumulate) {
    try (Arena arena = Arena.ofShared()) {
      linear(arena, List.of(weights(arena, format, outputs, inputs)), rows, accumulate);
    }
  }

  private void linear(Arena arena, List<Weights> stacked, int rows, boolean accumulate) {
    int inputs = stacked.getFirst().cols();
    int outputs = stacked.stream().mapToInt(Weights::rows).sum();
    F32Activations x = new F32Activations(gaussian(arena, rows, inputs, 1));
    Tensor expected = gaussian(arena, rows, outputs, 1);
    Tensor actual = Tensor.of(arena, rows, outputs, expected.toArray());
    try (Linear reference = scalar.linear(stacked, Precision.F32);
        Linear tested = vector.linear(stacked, Precision.F32)) {
      reference.forward(x, rows, expected, accumulate);
      tested.forward(x, rows, actual, accumulate);
    }
    double weight = 0;
    for (Weights weights : stacked) {
      weight = Math.max(weight, rms(weights));
    }
    close(actual, expected, 3e-7 * inputs * weight + 1e-6, "linear");
  }

  @ParameterizedTest
  @MethodSource("widths")
  void norm(int width) {
    try (Arena arena = Arena.ofShared()) {
      for (float magnitude : new float[] {1e-6f, 1, 1e4f}) {
        Tensor x = gaussian(arena, 5, width, magnitude);
        Tensor gain = gaussian(arena, 1, width, 1);
        F32Activations expected = F32Activations.allocate(arena, 5, width);
        F32Activations actual = F32Activations.allocate(arena, 5, width);
        scalar.rmsNorm(x, 5, gain, 1e-5f, expected);
        vector.rmsNorm(x, 5, gain, 1e-5f, actual);
        closeRelative(actual.rows(), expected.rows(), 1e-6, "norm");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("widths")
  void swiglu(int width) {
    try (Arena arena = Arena.ofShared()) {
      for (float magnitude : new float[] {1e-6f, 3, 60}) {
        Tensor gateUp = gaussian(arena, 6, 2 * width, magnitude);
        F32Activations expected = F32Activations.allocate(arena, 6, width);
        F32Activations actual = F32Activations.allocate(arena, 6, width);
        scalar.swiglu(gateUp, 6, expected);
        vector.swiglu(gateUp, 6, actual);
        closeRelative(actual.rows(), expected.rows(), 6e-7, "swiglu");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(BlockFormat.class)
  void embedding(BlockFormat format) {
    try (Arena arena = Arena.ofShared()) {
      Weights table = weights(arena, format, 40, 512);
      int[] ids = {39, 0, 5, 5, 17, 38, 1};
      for (Weights source : List.of(table, onHeap(table))) {
        Tensor expected = Tensor.allocate(arena, ids.length, 512);
        Tensor actual = Tensor.allocate(arena, ids.length, 512);
        scalar.embed(source, ids, expected);
        vector.embed(source, ids, actual);
        // scale * q + min is rounded once here, twice there.
        close(actual, expected, 2e-7 * rms(table), "embedding of " + format);
      }
    }
  }

  @Test
  void everyFiniteHalfAndTheOthersToo() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment data = arena.allocate(2L << 16, 64);
      for (int i = 0; i < 1 << 16; i++) {
        data.setAtIndex(Blocks.I16, i, (short) i);
      }
      Tensor expected = Tensor.allocate(arena, 1, 1 << 16);
      Tensor actual = Tensor.allocate(arena, 1, 1 << 16);
      BlockFormat.F16.decode(data, 0, 1 << 16, expected.segment(), 0);
      VectorBlocks.decode(BlockFormat.F16, data.address(), 0, 1 << 16, actual.address());
      // Floats compare as Float.equals does: any NaN equals any NaN, -0 is not 0.
      assertThat(actual.toArray()).containsExactly(expected.toArray());
    }
  }

  /** (query heads, key/value heads, head size), shapes of real models and awkward ones. */
  static List<Heads> heads() {
    return List.of(
        new Heads(9, 3, 64),
        new Heads(32, 8, 64),
        new Heads(8, 2, 128),
        new Heads(4, 4, 32),
        new Heads(6, 1, 80),
        new Heads(2, 1, 2),
        new Heads(4, 2, 18),
        new Heads(1, 1, 130));
  }

  @ParameterizedTest
  @MethodSource("heads")
  void ropeAndAttentionOfOneSequence(Heads heads) {
    for (int rows : new int[] {1, 2, 5, 13, 40, 150}) {
      block(heads, new int[][] {{rows, 0}});
    }
  }

  @ParameterizedTest
  @MethodSource("heads")
  void ropeAndAttentionOfRaggedSlicesWithContext(Heads heads) {
    // Rows, tokens of the own span that are there already, tokens of the context's spans.
    block(heads, new int[][] {{1, 0, 33}, {17, 3, 5, 1, 70}, {4, 0}, {9, 20}, {2, 0, 0, 31}});
  }

  @Test
  void attentionOfALongContext() {
    block(new Heads(6, 2, 16), new int[][] {{30, 7, 1500, 1411}});
  }

  private void block(Heads heads, int[][] shapes) {
    try (Arena arena = Arena.ofShared()) {
      List<Slice> expectedSlices = new ArrayList<>();
      List<Slice> actualSlices = new ArrayList<>();
      int rows = 0;
      for (int[] shape : shapes) {
        List<Slice.Part> context = new ArrayList<>();
        for (int i = 2; i < shape.length; i++) {
          KvSpan span = KvSpan.allocate(arena, 2, heads.kvHeads(), heads.size(), shape[i] + 3);
          fill(span);
          context.add(new Slice.Part(span, shape[i]));
        }
        KvSpan own =
            KvSpan.allocate(arena, 2, heads.kvHeads(), heads.size(), shape[0] + shape[1] + 2);
        fill(own);
        KvSpan copy = KvSpan.allocate(arena, 2, heads.kvHeads(), heads.size(), own.capacity());
        copy(own, copy);
        expectedSlices.add(new Slice(rows, shape[0], context, own, shape[1]));
        actualSlices.add(new Slice(rows, shape[0], context, copy, shape[1]));
        rows += shape[0];
      }
      float[] frequencies = new float[heads.size() / 2];
      for (int j = 0; j < frequencies.length; j++) {
        frequencies[j] = (float) Math.pow(10_000, -2.0 * j / heads.size());
      }
      Tensor expected = gaussian(arena, rows, heads.qkvWidth(), 2);
      Tensor actual = Tensor.of(arena, rows, heads.qkvWidth(), expected.toArray());
      scalar.ropeAndStore(expected, expectedSlices, 1, heads, frequencies);
      vector.ropeAndStore(actual, actualSlices, 1, heads, frequencies);
      close(actual, expected, 1e-6, "rope");
      for (int i = 0; i < shapes.length; i++) {
        KvSpan expectedOwn = expectedSlices.get(i).own();
        KvSpan actualOwn = actualSlices.get(i).own();
        for (int head = 0; head < heads.kvHeads(); head++) {
          close(actualOwn.keys(1, head), expectedOwn.keys(1, head), 1e-6, "stored keys");
          close(actualOwn.values(1, head), expectedOwn.values(1, head), 0, "stored values");
          close(actualOwn.keys(0, head), expectedOwn.keys(0, head), 0, "keys of another block");
        }
      }
      int width = heads.queryHeads() * heads.size();
      F32Activations expectedOut = F32Activations.allocate(arena, rows, width);
      F32Activations actualOut = F32Activations.allocate(arena, rows, width);
      scalar.attention(expected, expectedSlices, 1, heads, expectedOut);
      vector.attention(actual, actualSlices, 1, heads, actualOut);
      // A score of 4 * sqrt(size) is off by some 1e-6 of that; so is the weight of its value.
      double bound = 4e-6 * Math.sqrt(heads.size());
      close(actualOut.rows(), expectedOut.rows(), bound, "attention of " + heads);
    }
  }

  private void fill(KvSpan span) {
    for (int block = 0; block < span.blocks(); block++) {
      for (int head = 0; head < span.kvHeads(); head++) {
        fill(span.keys(block, head), 2);
        fill(span.values(block, head), 1);
      }
    }
  }

  private static void copy(KvSpan from, KvSpan to) {
    for (int block = 0; block < from.blocks(); block++) {
      for (int head = 0; head < from.kvHeads(); head++) {
        to.keys(block, head).segment().copyFrom(from.keys(block, head).segment());
        to.values(block, head).segment().copyFrom(from.values(block, head).segment());
      }
    }
  }

  @Test
  void readsAndWritesActivations() {
    try (Arena arena = Arena.ofShared()) {
      Tensor rows = gaussian(arena, 4, 33, 1);
      Activations activations = vector.activations(arena, 5, 33, Precision.F32);
      vector.write(rows, 4, activations);
      Tensor back = Tensor.allocate(arena, 4, 33);
      vector.read(activations, 3, back);
      close(back.rows(0, 3), rows.rows(0, 3), 0, "rows");
      assertThat(back.row(3)).containsOnly(0f);
    }
  }

  @Test
  void exponentialsOfTheWholeRange() {
    try (Arena arena = Arena.ofShared()) {
      int n = 1 << 16;
      Tensor x = Tensor.allocate(arena, 1, n);
      for (int i = 0; i < n; i++) {
        x.set(0, i, -86.5f * i / n);
      }
      float[] scores = x.toArray();
      double sum = 0;
      float actualSum = Rows.exponentials(x.address(), n, 1);
      for (int i = 0; i < n; i++) {
        double expected = Math.exp(scores[i]);
        sum += expected;
        assertThat(Math.abs(x.get(0, i) - expected) / expected).isLessThan(2e-7);
      }
      assertThat(actualSum / sum).isBetween(1 - 1e-5, 1 + 1e-5);
    }
  }

  @Test
  void softmaxOfExtremeScoresIsFinite() {
    try (Arena arena = Arena.ofShared()) {
      for (float extreme : new float[] {Float.MAX_VALUE, 1e30f, 500}) {
        Tensor x = Tensor.allocate(arena, 1, 64);
        x.set(0, 0, extreme);
        x.set(0, 1, -extreme);
        assertThat(Rows.exponentials(x.address(), 3, 1)).isEqualTo(1f);
        assertThat(x.row(0)[0]).isEqualTo(1f);
        assertThat(x.row(0)[1]).isBetween(0f, 1e-37f);
      }
    }
  }

  private Tensor gaussian(Arena arena, int rows, int cols, float magnitude) {
    Tensor tensor = Tensor.allocate(arena, rows, cols);
    fill(tensor, magnitude);
    return tensor;
  }

  private void fill(Tensor tensor, float magnitude) {
    for (int i = 0; i < tensor.rows(); i++) {
      for (int j = 0; j < tensor.cols(); j++) {
        tensor.set(i, j, magnitude * (float) random.nextGaussian());
      }
    }
  }

  /** Random weights; of formats that cannot be written, random blocks with sane scales. */
  private Weights weights(Arena arena, BlockFormat format, int rows, int cols) {
    return RandomWeights.of(arena, random, format, rows, cols);
  }

  private static Weights onHeap(Weights weights) {
    byte[] bytes = weights.data().toArray(Blocks.I8);
    return Weights.of(
        weights.format(), weights.rows(), weights.cols(), MemorySegment.ofArray(bytes));
  }

  private static double rms(Weights weights) {
    float[] row = new float[weights.cols()];
    double squares = 0;
    for (int i = 0; i < weights.rows(); i++) {
      weights.format().decode(weights.row(i), 0, row.length, MemorySegment.ofArray(row), 0);
      for (float value : row) {
        squares += (double) value * value;
      }
    }
    return Math.sqrt(squares / weights.rows() / row.length);
  }

  private static void close(Tensor actual, Tensor expected, double bound, String what) {
    for (int i = 0; i < expected.rows(); i++) {
      for (int j = 0; j < expected.cols(); j++) {
        float difference = Math.abs(actual.get(i, j) - expected.get(i, j));
        if (!(difference <= bound)) {
          throw new AssertionError(
              what
                  + (" at (" + i + ", " + j + ") of " + expected + ": " + actual.get(i, j))
                  + (", expected " + expected.get(i, j) + " within " + bound)
                  + ("; -Dpukara.test.seed=" + SEED + ", " + vector.name()));
        }
      }
    }
  }

  private static void closeRelative(Tensor actual, Tensor expected, double bound, String what) {
    for (int i = 0; i < expected.rows(); i++) {
      Tensor row = expected.rows(i, 1);
      for (int j = 0; j < expected.cols(); j++) {
        double allowed = bound * Math.abs(row.get(0, j)) + 1e-32;
        float difference = Math.abs(actual.get(i, j) - row.get(0, j));
        if (!(difference <= allowed)) {
          throw new AssertionError(
              what
                  + (" at (" + i + ", " + j + ") of " + expected + ": " + actual.get(i, j))
                  + (", expected " + row.get(0, j) + " within " + allowed)
                  + ("; -Dpukara.test.seed=" + SEED + ", " + vector.name()));
        }
      }
    }
  }
}
