package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What was prepared is all that layers and attention need, and is made once. */
@Timeout(60)
class PreparationTest {
  private static final Heads HEADS = new Heads(6, 2, 32);

  private final Random random = new Random(20261127);
  private Arena arena;
  private Kernels kernels;

  @BeforeEach
  void open() {
    String reason = OneDnnTesting.whyNot();
    assumeTrue(reason == null, reason);
    arena = Arena.ofShared();
    kernels = OneDnnTesting.kernels(2);
  }

  @AfterEach
  void close() {
    if (kernels != null) {
      kernels.close();
      arena.close();
    }
  }

  private void requireSupported(Precision precision) {
    assumeTrue(
        kernels.precisions().contains(precision),
        "this CPU has no instructions for " + precision.id());
  }

  private Linear layer(Kernels of, Precision precision, int inputs, int outputs) {
    Weights weights = RandomWeights.of(arena, new Random(1), BlockFormat.Q8_0, outputs, inputs);
    return of.linear(List.of(weights), precision);
  }

  private Tensor gaussian(int rows, int cols) {
    Tensor tensor = Tensor.allocate(arena, rows, cols);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < cols; j++) {
        tensor.set(i, j, (float) random.nextGaussian());
      }
    }
    return tensor;
  }

  private static float[] forward(Kernels of, Linear layer, Tensor x, int rows) {
    try (Arena scratch = Arena.ofShared()) {
      Activations in = of.activations(scratch, rows, x.cols(), layer.precision());
      of.write(x, rows, in);
      Tensor out = Tensor.allocate(scratch, rows, layer.outputs());
      layer.forward(in, rows, out, false);
      return out.toArray();
    }
  }

  @ParameterizedTest
  @EnumSource
  void layersFindAllTheirProducts(Precision precision) {
    requireSupported(precision);
    // Several chunks of two widths; several groups of inputs in int8.
    try (Linear layer = layer(kernels, precision, 1056, 330)) {
      int packing = kernels.productCounts().onDemand();
      List<Preparation> preparations = layer.preparations(300);
      assertThat(preparations).isSortedAccordingTo((a, b) -> a.rows() - b.rows());
      preparations.forEach(Preparation::make);
      Tensor x = gaussian(300, 1056);
      for (int rows = 1; rows <= 300; rows += rows < 40 ? 1 : 13) {
        forward(kernels, layer, x, rows);
        assertThat(kernels.productCounts().onDemand()).as("%d rows", rows).isEqualTo(packing);
      }
    }
  }

  @Test
  void moreRowsThanPreparedAreCompiledOnDemand() {
    try (Linear layer = layer(kernels, Precision.F32, 64, 64)) {
      layer.preparations(16).forEach(Preparation::make);
      ProductCounts before = kernels.productCounts();
      Tensor x = gaussian(120, 64);
      forward(kernels, layer, x, 16);
      assertThat(kernels.productCounts()).isEqualTo(before);
      forward(kernels, layer, x, 120);
      assertThat(kernels.productCounts().onDemand()).isGreaterThan(before.onDemand());
      assertThat(kernels.productCounts().ahead()).isEqualTo(before.ahead());
    }
  }

  @ParameterizedTest
  @EnumSource
  void attentionFindsAllItsProducts(Precision precision) {
    requireSupported(precision);
    kernels.preparations(HEADS, precision, 100, 1, 100).forEach(Preparation::make);
    int own = kernels.productCounts().ahead();
    kernels.preparations(HEADS, precision, 100, 600, 600).forEach(Preparation::make);
    // 600 = 512 + 88, and for 88 there is already one.
    assertThat(kernels.productCounts()).isEqualTo(new ProductCounts(own / 2 * 3, 0));
    for (int rows = 1; rows <= 100; rows += 7) {
      attend(precision, rows, 0);
      attend(precision, rows, 600);
    }
    assertThat(kernels.productCounts().onDemand()).isZero();
  }

  private void attend(Precision precision, int rows, int context) {
    try (Arena scratch = Arena.ofShared()) {
      List<Slice.Part> parts = new ArrayList<>();
      for (int tokens : new int[] {context, context / 9}) {
        parts.add(
            new Slice.Part(
                kernels.span(scratch, 1, HEADS, Math.max(1, tokens), precision), tokens));
      }
      KvSpan own = kernels.span(scratch, 1, HEADS, rows, precision);
      int width = HEADS.queryHeads() * HEADS.size();
      kernels.attention(
          Tensor.allocate(scratch, rows, HEADS.qkvWidth()),
          List.of(new Slice(0, rows, parts, own, 0)),
          0,
          HEADS,
          kernels.activations(scratch, rows, width, precision));
    }
  }

  @Test
  void whatIsThereIsNotMadeAgain() {
    try (Linear first = layer(kernels, Precision.F32, 64, 96);
        Linear second = layer(kernels, Precision.F32, 64, 96)) {
      List<Preparation> preparations = first.preparations(24);
      assertThat(second.preparations(24)).isEqualTo(preparations);
      forward(kernels, first, gaussian(1, 64), 1);
      assertThat(preparations.getFirst().rows()).isEqualTo(1);
      assertThat(preparations.getFirst().make()).isFalse();
      assertThat(preparations.getLast().make()).isTrue();
      assertThat(preparations.getLast().make()).isFalse();
      assertThat(kernels.productCounts().ahead()).isEqualTo(1);
    }
  }

  /** Two threads prepare the same things while a third computes: nothing is made twice. */
  @Test
  void onceHoweverManyNeedIt() throws Exception {
    Tensor x = gaussian(40, 96);
    List<float[]> expected = new ArrayList<>();
    try (Kernels alone = OneDnnTesting.kernels(2);
        Linear layer = layer(alone, Precision.F32, 96, 160)) {
      for (int rows = 1; rows <= 40; rows++) {
        expected.add(forward(alone, layer, x, rows));
      }
    }
    try (Linear layer = layer(kernels, Precision.F32, 96, 160)) {
      ProductCounts packing = kernels.productCounts();
      List<Preparation> preparations = layer.preparations(40);
      CyclicBarrier start = new CyclicBarrier(3);
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        threads.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      await(start);
                      preparations.forEach(Preparation::make);
                    }));
      }
      await(start);
      for (int rows = 40; rows >= 1; rows--) {
        assertThat(forward(kernels, layer, x, rows))
            .as("%d rows", rows)
            .containsExactly(expected.get(rows - 1));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      ProductCounts all = kernels.productCounts();
      assertThat(all.ahead() + all.onDemand() - packing.onDemand())
          .isEqualTo(new HashSet<>(preparations).size());
    }
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void otherKernelsNeedNone() {
    try (Kernels scalar = new ScalarKernels(new Workers(1));
        Linear layer = layer(scalar, Precision.F32, 64, 64)) {
      assertThat(layer.preparations(512)).isEmpty();
      assertThat(scalar.preparations(HEADS, Precision.F32, 512, 1, 512)).isEmpty();
      assertThat(scalar.productCounts()).isEqualTo(ProductCounts.NONE);
    }
  }
}
