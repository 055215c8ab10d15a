package dev.pukara.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Vector math of single rows of f32 at raw addresses, any length. What differs between precisions
 * is only what becomes of the result, so that these serve all of them.
 */
final class Rows {
  private Rows() {}

  /** Sum of squares of {@code n} values. */
  static float squares(long x, int n) {
    FloatVector sum0 = FloatVector.zero(Lanes.F);
    FloatVector sum1 = sum0;
    int j = 0;
    for (; j + 2 * Lanes.COUNT <= n; j += 2 * Lanes.COUNT) {
      FloatVector x0 = Lanes.load(x + 4L * j);
      FloatVector x1 = Lanes.load(x + 4L * j + Lanes.BYTES);
      sum0 = x0.fma(x0, sum0);
      sum1 = x1.fma(x1, sum1);
    }
    for (; j < n; j += Lanes.COUNT) {
      FloatVector rest = Lanes.load(x + 4L * j, n - j);
      sum0 = rest.fma(rest, sum0);
    }
    return Lanes.sum(sum0.add(sum1));
  }

  /** The factor {@code 1 / sqrt(mean(x^2) + eps)} of RMSNorm (arXiv 1910.07467). */
  static float rmsFactor(long x, int n, float eps) {
    return (float) (1 / Math.sqrt((double) squares(x, n) / n + eps));
  }

  /** {@code out = x * factor * gain}. */
  static void scale(long x, float factor, long gain, int n, long out) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector scaled = Lanes.load(x + 4L * j).mul(factor);
      Lanes.store(out + 4L * j, scaled.mul(Lanes.load(gain + 4L * j)));
    }
    if (j < n) {
      FloatVector scaled = Lanes.load(x + 4L * j, n - j).mul(factor);
      Lanes.store(out + 4L * j, scaled.mul(Lanes.load(gain + 4L * j, n - j)), n - j);
    }
  }

  /** {@code out = silu(gate) * up}. */
  static void swiglu(long gate, long up, int n, long out) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector result = swiglu(Lanes.load(gate + 4L * j), Lanes.load(up + 4L * j));
      Lanes.store(out + 4L * j, result);
    }
    if (j < n) {
      FloatVector result = swiglu(Lanes.load(gate + 4L * j, n - j), Lanes.load(up + 4L * j, n - j));
      Lanes.store(out + 4L * j, result, n - j);
    }
  }

  /** {@code silu(gate) * up}, silu(x) = x / (1 + exp(-x)). */
  static FloatVector swiglu(FloatVector gate, FloatVector up) {
    return gate.mul(up).div(Exponential.exp(gate.neg()).add(1));
  }

  /**
   * Replaces {@code n} scores by {@code exp(scale * (score - max))} and returns their sum: softmax
   * but for the division, which is cheaper on what the weights have summed up.
   *
   * <p>The row must have room for a multiple of {@link Lanes#COUNT} values; those behind {@code n}
   * are overwritten with zeros.
   */
  static float exponentials(long scores, int n, float scale) {
    int whole = n - n % Lanes.COUNT;
    long tail = scores + 4L * whole;
    FloatVector max = FloatVector.broadcast(Lanes.F, Float.NEGATIVE_INFINITY);
    for (int j = 0; j < whole; j += Lanes.COUNT) {
      max = max.max(Lanes.load(scores + 4L * j));
    }
    if (whole < n) {
      max = max.lanewise(VectorOperators.MAX, Lanes.load(tail), Lanes.F.indexInRange(whole, n));
    }
    FloatVector highest = FloatVector.broadcast(Lanes.F, max.reduceLanes(VectorOperators.MAX));
    FloatVector sum = FloatVector.zero(Lanes.F);
    for (int j = 0; j < whole; j += Lanes.COUNT) {
      FloatVector e = Exponential.exp(Lanes.load(scores + 4L * j).sub(highest).mul(scale));
      Lanes.store(scores + 4L * j, e);
      sum = sum.add(e);
    }
    if (whole < n) {
      FloatVector e = Exponential.exp(Lanes.load(tail).sub(highest).mul(scale));
      e = FloatVector.zero(Lanes.F).blend(e, Lanes.F.indexInRange(whole, n));
      Lanes.store(tail, e);
      sum = sum.add(e);
    }
    return Lanes.sum(sum);
  }

  /** Rotates the pairs {@code (x[j], x[j + half])} of one head by angles given as cos and sin. */
  static void rotate(long x, int half, long cos, long sin) {
    long y = x + 4L * half;
    int j = 0;
    for (; j + Lanes.COUNT <= half; j += Lanes.COUNT) {
      FloatVector c = Lanes.load(cos + 4L * j);
      FloatVector s = Lanes.load(sin + 4L * j);
      FloatVector a = Lanes.load(x + 4L * j);
      FloatVector b = Lanes.load(y + 4L * j);
      Lanes.store(x + 4L * j, a.mul(c).sub(b.mul(s)));
      Lanes.store(y + 4L * j, b.mul(c).add(a.mul(s)));
    }
    if (j < half) {
      int rest = half - j;
      FloatVector c = Lanes.load(cos + 4L * j, rest);
      FloatVector s = Lanes.load(sin + 4L * j, rest);
      FloatVector a = Lanes.load(x + 4L * j, rest);
      FloatVector b = Lanes.load(y + 4L * j, rest);
      Lanes.store(x + 4L * j, a.mul(c).sub(b.mul(s)), rest);
      Lanes.store(y + 4L * j, b.mul(c).add(a.mul(s)), rest);
    }
  }

  /** {@code out = x * factor}. */
  static void scale(long x, float factor, int n, long out) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      Lanes.store(out + 4L * j, Lanes.load(x + 4L * j).mul(factor));
    }
    if (j < n) {
      Lanes.store(out + 4L * j, Lanes.load(x + 4L * j, n - j).mul(factor), n - j);
    }
  }

  /** {@code out = x}, or {@code out += x} if {@code add}. */
  static void put(long x, int n, boolean add, long out) {
    if (!add) {
      Lanes.copy(x, out, 4L * n);
      return;
    }
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      Lanes.store(out + 4L * j, Lanes.load(out + 4L * j).add(Lanes.load(x + 4L * j)));
    }
    for (; j < n; j++) {
      Lanes.putFloat(out + 4L * j, Lanes.getFloat(out + 4L * j) + Lanes.getFloat(x + 4L * j));
    }
  }
}
