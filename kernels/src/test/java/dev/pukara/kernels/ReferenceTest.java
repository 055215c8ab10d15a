package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** The derivatives of {@link Reference} against central differences in f64. */
class ReferenceTest {
  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 1e-8;

  private final Random random = new Random(7);

  private double[] values(int count) {
    return random.doubles(count, -1.5, 1.5).toArray();
  }

  /** A loss that looks at every value of {@code y} differently. */
  private static double loss(double[] y, double[] weights) {
    double sum = 0;
    for (int i = 0; i < y.length; i++) {
      sum += y[i] * weights[i];
    }
    return sum;
  }

  /** Compares {@code gradient} with the differences of {@code loss} around {@code x}. */
  private static void check(double[] x, Function<double[], Double> loss, double[] gradient) {
    for (int i = 0; i < x.length; i++) {
      double[] moved = x.clone();
      moved[i] = x[i] + STEP;
      double above = loss.apply(moved);
      moved[i] = x[i] - STEP;
      double difference = (above - loss.apply(moved)) / (2 * STEP);
      assertThat(gradient[i]).as("derivative %d", i).isCloseTo(difference, offset(TOLERANCE));
    }
  }

  @Test
  void linear() {
    double[] x = values(5 * 4);
    double[] w = values(3 * 4);
    double[] dy = values(5 * 3);
    double[] dx = new double[x.length];
    double[] dw = new double[w.length];
    Reference.linearBackward(dy, x, w, 5, 4, dx, dw);
    check(x, moved -> loss(Reference.linear(moved, w, 5, 4, 3), dy), dx);
    check(w, moved -> loss(Reference.linear(x, moved, 5, 4, 3), dy), dw);
  }

  @Test
  void rmsNorm() {
    double[] x = values(3 * 6);
    double[] gain = values(6);
    double[] dy = values(x.length);
    double[] dx = new double[x.length];
    double[] dGain = new double[gain.length];
    Reference.rmsNormBackward(dy, x, gain, 0.1, dx, dGain);
    check(x, moved -> loss(Reference.rmsNorm(moved, gain, 0.1), dy), dx);
    check(gain, moved -> loss(Reference.rmsNorm(x, moved, 0.1), dy), dGain);
  }

  @Test
  void swiglu() {
    double[] gateUp = values(3 * 2 * 5);
    double[] dy = values(3 * 5);
    double[] dGateUp = new double[gateUp.length];
    Reference.swigluBackward(dy, gateUp, 5, dGateUp);
    check(gateUp, moved -> loss(Reference.swiglu(moved, 5), dy), dGateUp);
  }

  @Test
  void rope() {
    Heads heads = new Heads(2, 1, 4);
    RowTree tree = Trees.chain(RowTree.TILE);
    float[] frequencies = {1, 0.1f};
    double[] qkv = values(tree.rows() * heads.qkvWidth());
    double[] dy = values(qkv.length);
    double[] gradient = Reference.rope(dy, tree, heads, frequencies, -1);
    check(qkv, x -> loss(Reference.rope(x, tree, heads, frequencies, 1), dy), gradient);
  }

  @Test
  void attention() {
    Heads heads = new Heads(2, 1, 2);
    RowTree tree = Trees.random(random, 1);
    double[] qkv = values(tree.rows() * heads.qkvWidth());
    double[] dy = values(tree.rows() * heads.queryHeads() * heads.size());
    double[] gradient = new double[qkv.length];
    Reference.attentionBackward(dy, qkv, tree, heads, gradient);
    check(qkv, x -> loss(Reference.attention(x, tree, heads), dy), gradient);
  }

  @Test
  void crossEntropy() {
    double[] logits = values(7);
    double[] distribution = {0.5, 0, 0.25, 0, 0, 0.25, 0.2};
    double[] gradient = new double[logits.length];
    Reference.crossEntropyBackward(logits, distribution, gradient);
    check(logits, moved -> Reference.crossEntropy(moved, distribution), gradient);
  }
}
