package dev.pukara.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** AdamW over runs of weights that lie side by side. */
final class OptimizerRows {
  private OptimizerRows() {}

  /** Sum of squares, summed in f64 over pieces of a few thousand values. */
  static double squares(long x, int n) {
    double sum = 0;
    for (int from = 0; from < n; from += 4096) {
      sum += Rows.squares(x + 4L * from, Math.min(4096, n - from));
    }
    return sum;
  }

  /**
   * Moves {@code n} weights; all addresses are of f32.
   *
   * @param average moving average of the weights, or 0 for none
   * @param copy takes the weights as bf16, or 0
   */
  static void adam(
      AdamStep s,
      long weights,
      long gradients,
      long means,
      long squares,
      long average,
      long copy,
      int n) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector g = Lanes.load(gradients + 4L * j).mul(s.gradientScale());
      FloatVector mean = mean(s, g, Lanes.load(means + 4L * j));
      FloatVector square = square(s, g, Lanes.load(squares + 4L * j));
      FloatVector weight = weight(s, Lanes.load(weights + 4L * j), mean, square);
      Lanes.store(means + 4L * j, mean);
      Lanes.store(squares + 4L * j, square);
      Lanes.store(weights + 4L * j, weight);
      if (average != 0) {
        Lanes.store(average + 4L * j, average(s, weight, Lanes.load(average + 4L * j)));
      }
      if (copy != 0) {
        ElementLanes.store(true, copy, j, weight);
      }
    }
    if (j < n) {
      int rest = n - j;
      FloatVector g = Lanes.load(gradients + 4L * j, rest).mul(s.gradientScale());
      FloatVector mean = mean(s, g, Lanes.load(means + 4L * j, rest));
      FloatVector square = square(s, g, Lanes.load(squares + 4L * j, rest));
      FloatVector weight = weight(s, Lanes.load(weights + 4L * j, rest), mean, square);
      Lanes.store(means + 4L * j, mean, rest);
      Lanes.store(squares + 4L * j, square, rest);
      Lanes.store(weights + 4L * j, weight, rest);
      if (average != 0) {
        FloatVector before = Lanes.load(average + 4L * j, rest);
        Lanes.store(average + 4L * j, average(s, weight, before), rest);
      }
      if (copy != 0) {
        ElementLanes.store(true, copy, j, n, weight);
      }
    }
  }

  private static FloatVector mean(AdamStep s, FloatVector gradient, FloatVector before) {
    return gradient.sub(before).mul(1 - s.beta1()).add(before);
  }

  private static FloatVector square(AdamStep s, FloatVector gradient, FloatVector before) {
    return gradient.mul(gradient).mul(1 - s.beta2()).add(before.mul(s.beta2()));
  }

  private static FloatVector weight(
      AdamStep s, FloatVector before, FloatVector mean, FloatVector square) {
    FloatVector root = square.lanewise(VectorOperators.SQRT).div(s.correction()).add(s.eps());
    return before.mul(s.keep()).sub(mean.mul(s.stepSize()).div(root));
  }

  private static FloatVector average(AdamStep s, FloatVector weight, FloatVector before) {
    return before.sub(weight).mul(s.averageKeep()).add(weight);
  }
}
