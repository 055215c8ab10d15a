package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.lang.foreign.Arena;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rotation and attention over trees, forward and backward, against {@link Reference}. */
class TreeAttentionTest {
  record Case(String products, Element element, Heads heads, int tiles, int members, int seed) {}

  static Stream<Case> cases() {
    Heads grouped = new Heads(6, 2, 16);
    return Stream.of(
        new Case("vector", Element.F32, new Heads(2, 2, 8), 1, 1, 1),
        new Case("vector", Element.F32, grouped, 4, 2, 2),
        new Case("vector", Element.F32, new Heads(4, 1, 24), 3, 2, 3),
        new Case("onednn", Element.F32, grouped, 5, 2, 4),
        new Case("onednn", Element.F32, new Heads(3, 3, 64), 2, 3, 5),
        new Case("onednn", Element.BF16, grouped, 4, 2, 6),
        new Case("onednn", Element.BF16, new Heads(9, 3, 64), 3, 2, 7),
        new Case("onednn", Element.BF16, new Heads(4, 1, 24), 6, 1, 8));
  }

  private static MatrixProducts open(String name, Workers workers) {
    if (name.equals("vector")) {
      return new VectorMatrixProducts(workers);
    }
    assumeThat(OneDnnTesting.whyNot()).as("oneDNN here").isNull();
    return new OneDnnMatrixProducts(workers);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void equalsReference(Case c) {
    Random random = new Random(c.seed);
    RowTree tree = c.seed % 2 == 0 ? Trees.random(random, c.tiles) : Trees.chain(64 * c.tiles);
    try (Workers workers = new Workers(c.members);
        MatrixProducts products = open(c.products, workers);
        TreeAttention attention = new TreeAttention(products, workers, c.heads, c.element);
        Arena arena = Arena.ofShared()) {
      assumeThat(products.supports(c.element)).as("%s here", c.element).isTrue();
      float[] frequencies = frequencies(c.heads);
      int width = c.heads.queryHeads() * c.heads.size();
      Matrix qkv = Matrices.random(arena, random, Element.F32, tree.rows(), c.heads.qkvWidth());
      TreeAttention.Kept kept = TreeAttention.Kept.allocate(arena, c.heads, c.element, tree.rows());
      attention.begin(tree, frequencies);
      attention.forward(qkv, kept);
      double most = c.element == Element.BF16 ? 0.015 : 5e-6;
      double[] rotated = Reference.rope(Matrices.doubles(qkv), tree, c.heads, frequencies, 1);
      double[] expected = Reference.attention(rotated, tree, c.heads);
      Matrices.assertClose(c + " forward", Matrices.values(kept.out()), expected, most);

      Matrix dOut = Matrices.random(arena, random, c.element, tree.rows(), width);
      Matrix dQkv = Matrix.allocate(arena, c.element, tree.rows(), c.heads.qkvWidth());
      double[] gradient = new double[tree.rows() * c.heads.qkvWidth()];
      Reference.attentionBackward(Matrices.doubles(dOut), rotated, tree, c.heads, gradient);
      double[] expectedGradient = Reference.rope(gradient, tree, c.heads, frequencies, -1);
      attention.backward(dOut, kept, dQkv);
      float[] first = Matrices.values(dQkv);
      Matrices.assertClose(c + " backward", first, expectedGradient, most);

      attention.backward(dOut, kept, dQkv);
      assertThat(Matrices.values(dQkv)).as("again").containsExactly(first);
    }
  }

  private static float[] frequencies(Heads heads) {
    float[] frequencies = new float[heads.size() / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = (float) Math.pow(100, -2.0 * i / heads.size());
    }
    return frequencies;
  }

  @Test
  void smallerBatchesFitAndOthersAreRefused() {
    Heads heads = new Heads(2, 1, 8);
    try (Workers workers = new Workers(1);
        MatrixProducts products = new VectorMatrixProducts(workers);
        TreeAttention attention = new TreeAttention(products, workers, heads, Element.F32);
        Arena arena = Arena.ofShared()) {
      attention.begin(Trees.chain(64), frequencies(heads));
      TreeAttention.Kept kept = TreeAttention.Kept.allocate(arena, heads, Element.F32, 64);
      Matrix wrong = Matrix.allocate(arena, Element.F32, 128, heads.qkvWidth());
      assertThatThrownBy(() -> attention.forward(wrong, kept))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("over a tree of 64 rows");
    }
  }
}
