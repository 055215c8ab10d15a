package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The clock sees every phase once and changes no bit. */
class ProfiledKernelsTest {
  private static final Heads HEADS = new Heads(4, 2, 16);
  private static final int ROWS = 5;
  private static final int WIDTH = HEADS.queryHeads() * HEADS.size();

  private final Arena arena = Arena.ofShared();
  private final Random random = new Random(20261127);
  private final Weights table = RandomWeights.of(arena, random, BlockFormat.Q8_0, 20, WIDTH);
  private final Weights qkvWeights =
      RandomWeights.of(arena, random, BlockFormat.Q8_0, HEADS.qkvWidth(), WIDTH);

  @AfterEach
  void close() {
    arena.close();
  }

  private static void requireOneDnn() {
    String reason = OneDnnTesting.whyNot();
    assumeTrue(reason == null, reason);
  }

  /** Each call once, in the order of a block; the bits of all results. */
  private float[][] block(Kernels kernels) {
    try (PackedMemory memory = PackedMemory.empty();
        Linear qkvProj = kernels.linear(List.of(qkvWeights), Precision.F32, memory);
        Linear head = kernels.linear(List.of(table), Precision.F32)) {
      Tensor hidden = Tensor.allocate(arena, ROWS, WIDTH);
      kernels.embed(table, new int[] {3, 1, 4, 1, 5}, hidden);
      Activations normed = kernels.activations(arena, ROWS, WIDTH, Precision.F32);
      Tensor gain = Tensor.allocate(arena, 1, WIDTH);
      gain.segment().fill((byte) 0x3f);
      kernels.rmsNorm(hidden, ROWS, gain, 1e-5f, normed);
      Tensor qkv = Tensor.allocate(arena, ROWS, HEADS.qkvWidth());
      qkvProj.forward(normed, ROWS, qkv, false);
      KvSpan own = kernels.span(arena, 1, HEADS, ROWS, Precision.F32);
      List<Slice> slices = List.of(new Slice(0, ROWS, List.of(), own, 0));
      kernels.ropeAndStore(qkv, slices, 0, HEADS, new float[HEADS.size() / 2]);
      Activations attended = kernels.activations(arena, ROWS, WIDTH, Precision.F32);
      kernels.attention(qkv, slices, 0, HEADS, attended);
      Activations inner = kernels.activations(arena, ROWS, HEADS.qkvWidth() / 2, Precision.F32);
      kernels.swiglu(qkv, ROWS, inner);
      Tensor logits = Tensor.allocate(arena, ROWS, table.rows());
      head.forward(attended, ROWS, logits, false);
      Tensor read = Tensor.allocate(arena, ROWS, HEADS.qkvWidth() / 2);
      kernels.read(inner, ROWS, read);
      return new float[][] {hidden.toArray(), qkv.toArray(), read.toArray(), logits.toArray()};
    }
  }

  private static List<Profile.Phase> phases(ProfiledKernels kernels) {
    return kernels.profile().phases().stream().map(Profile.Spent::phase).toList();
  }

  @Test
  void changesNoBit() {
    try (Kernels plain = new ScalarKernels(new Workers(2));
        Kernels profiled = new ProfiledKernels(new ScalarKernels(new Workers(2)))) {
      assertThat(block(profiled)).isDeepEqualTo(block(plain));
    }
    requireOneDnn();
    try (Kernels plain = OneDnnTesting.kernels(2);
        Kernels profiled = new ProfiledKernels(OneDnnTesting.kernels(2))) {
      assertThat(block(profiled)).isDeepEqualTo(block(plain));
    }
  }

  @Test
  void everyPhaseIsSeen() {
    try (ProfiledKernels kernels = new ProfiledKernels(new ScalarKernels(new Workers(2)))) {
      block(kernels);
      assertThat(phases(kernels)).containsExactly(Profile.Phase.values());
      for (Profile.Spent spent : kernels.profile().phases()) {
        assertThat(spent.total()).as("%s", spent).isPositive();
        assertThat(spent.products()).as("%s: woven into the rest", spent).isZero();
      }
    }
  }

  /** A layer in memory of the caller's belongs to the blocks, one of its own is the head. */
  @Test
  void layersAreToldFromTheHead() {
    try (ProfiledKernels kernels = new ProfiledKernels(new ScalarKernels(new Workers(1)));
        Linear head = kernels.linear(List.of(table), Precision.F32)) {
      Activations x = kernels.activations(arena, ROWS, WIDTH, Precision.F32);
      head.forward(x, ROWS, Tensor.allocate(arena, ROWS, table.rows()), false);
      assertThat(phases(kernels)).containsExactly(Profile.Phase.HEAD);
      assertThat(head.outputs()).isEqualTo(table.rows());
      assertThat(head.inputs()).isEqualTo(WIDTH);
      assertThat(head.precision()).isEqualTo(Precision.F32);
    }
  }

  @Test
  void productsArePartOfTheirPhases() {
    requireOneDnn();
    try (ProfiledKernels kernels = new ProfiledKernels(OneDnnTesting.kernels(2))) {
      block(kernels);
      for (Profile.Spent spent : kernels.profile().phases()) {
        boolean multiplies =
            switch (spent.phase()) {
              case LINEAR, ATTENTION, HEAD -> true;
              case EMBEDDING, NORM, ROPE, SWIGLU -> false;
            };
        assertThat(spent.products() > 0).as("%s", spent).isEqualTo(multiplies);
        assertThat(spent.products()).as("%s", spent).isLessThanOrEqualTo(spent.total());
        assertThat(spent.waiting()).as("%s", spent).isLessThanOrEqualTo(spent.total());
      }
    }
  }

  @Test
  void timesAddUpUntilTheyAreCleared() {
    try (ProfiledKernels kernels = new ProfiledKernels(new ScalarKernels(new Workers(1)))) {
      block(kernels);
      List<Profile.Spent> once = kernels.profile().phases();
      block(kernels);
      List<Profile.Spent> twice = kernels.profile().phases();
      for (int i = 0; i < once.size(); i++) {
        assertThat(twice.get(i).total()).isGreaterThan(once.get(i).total());
      }
      kernels.profile().clear();
      assertThat(kernels.profile().phases()).isEmpty();
    }
  }

  /** Engine and caches must not notice the clock. */
  @Test
  void passesOnWhatTheKernelsAre() {
    requireOneDnn();
    Kernels inner = OneDnnTesting.kernels(2);
    try (Kernels profiled = new ProfiledKernels(inner);
        Linear layer = profiled.linear(List.of(table), Precision.F32)) {
      assertThat(profiled.name()).isEqualTo("onednn");
      assertThat(profiled.identity()).isEqualTo(inner.identity());
      assertThat(profiled.packs()).isTrue();
      assertThat(profiled.workers()).isSameAs(inner.workers());
      assertThat(profiled.precisions()).isEqualTo(inner.precisions());
      assertThat(profiled.spanBytes(2, HEADS, 9, Precision.INT8))
          .isEqualTo(inner.spanBytes(2, HEADS, 9, Precision.INT8));
      assertThat(layer.residentBytes()).isPositive();
      assertThat(layer.preparations(8)).isNotEmpty();
      assertThat(profiled.preparations(HEADS, Precision.F32, 8, 1, 64))
          .isEqualTo(inner.preparations(HEADS, Precision.F32, 8, 1, 64));
      layer.preparations(8).forEach(Preparation::make);
      assertThat(profiled.productCounts()).isEqualTo(inner.productCounts());
    }
    assertThatThrownBy(() -> inner.workers().run((member, members) -> {}))
        .as("closed with the clock")
        .isInstanceOf(IllegalStateException.class);
  }
}
