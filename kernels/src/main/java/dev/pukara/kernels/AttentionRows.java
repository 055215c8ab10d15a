package dev.pukara.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Vector math of single rows for {@link TreeAttention}. A row of scores is a multiple of a tile.
 */
final class AttentionRows {
  private static final FloatVector UNSEEN = FloatVector.broadcast(Lanes.F, Float.NEGATIVE_INFINITY);

  private AttentionRows() {}

  /**
   * Sets the scores of a tile's keys that row {@code row} does not see to minus infinity.
   *
   * @param firstKey first row of the tile of keys
   * @param seenUntil address of the tree's intervals, ints
   */
  static void mask(long scores, int row, int firstKey, long seenUntil) {
    IntVector keys = IntVector.broadcast(Lanes.I, firstKey).addIndex(1);
    for (int j = 0; j < RowTree.TILE; j += Lanes.COUNT) {
      IntVector until = Lanes.loadInts(seenUntil + 4L * (firstKey + j));
      VectorMask<Integer> hidden =
          until.compare(VectorOperators.LE, row).or(keys.compare(VectorOperators.GT, row - j));
      FloatVector masked = Lanes.load(scores + 4L * j).blend(UNSEEN, hidden.cast(Lanes.F));
      Lanes.store(scores + 4L * j, masked);
    }
  }

  /** The greatest of {@code n} scores. */
  static float max(long scores, int n) {
    // Not from a constant: a loop that begins with an object from a field keeps objects throughout.
    FloatVector max0 = Lanes.load(scores);
    FloatVector max1 = max0;
    for (int j = 0; j < n; j += 2 * Lanes.COUNT) {
      max0 = max0.max(Lanes.load(scores + 4L * j));
      max1 = max1.max(Lanes.load(scores + 4L * j + Lanes.BYTES));
    }
    return max0.max(max1).reduceLanes(VectorOperators.MAX);
  }

  /**
   * Replaces scores by {@code exp(scale * score - shift)}, which take the front of the row if they
   * are bf16; returns their sum.
   */
  static float exponentials(long scores, int n, float scale, float shift, boolean bf16) {
    FloatVector factor = FloatVector.broadcast(Lanes.F, scale);
    FloatVector less = FloatVector.broadcast(Lanes.F, -shift);
    FloatVector sum = FloatVector.zero(Lanes.F);
    for (int j = 0; j < n; j += Lanes.COUNT) {
      FloatVector p = Exponential.exp(Lanes.load(scores + 4L * j).fma(factor, less));
      ElementLanes.store(bf16, scores, j, p);
      sum = sum.add(p);
    }
    return Lanes.sum(sum);
  }

  /** Replaces scores by probabilities {@code p = exp(scale * score - logSum)}, f32. */
  static void probabilities(long scores, int n, float scale, float logSum) {
    FloatVector factor = FloatVector.broadcast(Lanes.F, scale);
    FloatVector less = FloatVector.broadcast(Lanes.F, -logSum);
    for (int j = 0; j < n; j += Lanes.COUNT) {
      FloatVector p = Exponential.exp(Lanes.load(scores + 4L * j).fma(factor, less));
      Lanes.store(scores + 4L * j, p);
    }
  }

  /**
   * Replaces gradients {@code dp} of probabilities {@code p} by those of the scores, {@code p * (dp
   * - mean) * scale}; both take the front of their rows if they become bf16.
   */
  static void backward(long probabilities, long dp, int n, float scale, float mean, boolean bf16) {
    FloatVector factor = FloatVector.broadcast(Lanes.F, scale);
    FloatVector lessMean = FloatVector.broadcast(Lanes.F, -mean * scale);
    for (int j = 0; j < n; j += Lanes.COUNT) {
      FloatVector p = Lanes.load(probabilities + 4L * j);
      FloatVector ds = Lanes.load(dp + 4L * j).fma(factor, lessMean).mul(p);
      ElementLanes.store(bf16, probabilities, j, p);
      ElementLanes.store(bf16, dp, j, ds);
    }
  }

  /** {@code out = x * factor}. */
  static void scale(long x, float factor, int n, boolean bf16, long out) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      ElementLanes.store(bf16, out, j, Lanes.load(x + 4L * j).mul(factor));
    }
    if (j < n) {
      ElementLanes.store(bf16, out, j, n, Lanes.load(x + 4L * j, n - j).mul(factor));
    }
  }

  /** {@code copy = x}, and returns {@code sum(x * y)}; all of the same element. */
  static float copyAndDot(long x, long y, int n, boolean bf16, long copy) {
    FloatVector sum = FloatVector.zero(Lanes.F);
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector value = ElementLanes.load(bf16, x, j);
      ElementLanes.store(bf16, copy, j, value);
      sum = value.fma(ElementLanes.load(bf16, y, j), sum);
    }
    if (j < n) {
      FloatVector value = ElementLanes.load(bf16, x, j, n);
      ElementLanes.store(bf16, copy, j, n, value);
      sum = value.fma(ElementLanes.load(bf16, y, j, n), sum);
    }
    return Lanes.sum(sum);
  }

  /**
   * Rotates the pairs {@code (x[j], x[j + half])} of one head by the angles with those cosines and
   * sines; {@code direction} -1 turns back.
   */
  static void rotate(
      long x, int half, long cos, long sin, float direction, boolean bf16, long out) {
    int j = 0;
    for (; j + Lanes.COUNT <= half; j += Lanes.COUNT) {
      FloatVector c = Lanes.load(cos + 4L * j);
      FloatVector s = Lanes.load(sin + 4L * j).mul(direction);
      FloatVector a = Lanes.load(x + 4L * j);
      FloatVector b = Lanes.load(x + 4L * (j + half));
      ElementLanes.store(bf16, out, j, a.mul(c).sub(b.mul(s)));
      ElementLanes.store(bf16, out, j + half, b.mul(c).add(a.mul(s)));
    }
    if (j < half) {
      int rest = half - j;
      FloatVector c = Lanes.load(cos + 4L * j, rest);
      FloatVector s = Lanes.load(sin + 4L * j, rest).mul(direction);
      FloatVector a = Lanes.load(x + 4L * j, rest);
      FloatVector b = Lanes.load(x + 4L * (j + half), rest);
      ElementLanes.store(bf16, out, j, half, a.mul(c).sub(b.mul(s)));
      ElementLanes.store(bf16, out, j + half, 2 * half, b.mul(c).add(a.mul(s)));
    }
  }
}
