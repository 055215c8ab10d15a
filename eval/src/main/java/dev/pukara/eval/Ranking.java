package dev.pukara.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Rows in descending order of score, and the metrics that depend on that order alone. Rows of equal
 * score are one step: no order among them is better than another.
 *
 * <p>Every row counts {@code weights[row]} times, so that a bootstrap resample costs one pass and
 * no sorting. Immutable.
 *
 * <p>Public since training is measured by it too.
 */
public final class Ranking {
  private final double[] scores;
  private final boolean[] unsafe;

  /** Rows by descending score. */
  private final int[] order;

  /**
   * Ranks rows.
   *
   * @param scores one per row
   * @param unsafe label of each row
   */
  public Ranking(double[] scores, boolean[] unsafe) {
    if (scores.length != unsafe.length) {
      throw new IllegalArgumentException(
          scores.length + " scores, " + unsafe.length + " labels; expected as many");
    }
    this.scores = scores.clone();
    this.unsafe = unsafe.clone();
    this.order =
        IntStream.range(0, scores.length)
            .boxed()
            .sorted(Comparator.comparingDouble(row -> -scores[row]))
            .mapToInt(Integer::intValue)
            .toArray();
  }

  /** Number of rows. */
  int size() {
    return order.length;
  }

  /**
   * A step of the curves: everything from this score on is called unsafe.
   *
   * @param threshold score of the step
   * @param truePositives unsafe rows from the threshold on
   * @param falsePositives safe rows from the threshold on
   */
  record Step(double threshold, long truePositives, long falsePositives) {}

  private interface Visitor {
    void step(double threshold, long truePositives, long falsePositives);
  }

  private void walk(int[] weights, Visitor visitor) {
    long tp = 0;
    long fp = 0;
    for (int i = 0; i < order.length; i++) {
      int row = order[i];
      if (unsafe[row]) {
        tp += weights[row];
      } else {
        fp += weights[row];
      }
      if (i + 1 == order.length || scores[order[i + 1]] != scores[row]) {
        visitor.step(scores[row], tp, fp);
      }
    }
  }

  private int[] once() {
    int[] weights = new int[order.length];
    Arrays.fill(weights, 1);
    return weights;
  }

  /** The steps, highest threshold first. */
  List<Step> steps() {
    List<Step> steps = new ArrayList<>();
    walk(once(), (threshold, tp, fp) -> steps.add(new Step(threshold, tp, fp)));
    return steps;
  }

  private long count(int[] weights, boolean label) {
    long sum = 0;
    for (int i = 0; i < unsafe.length; i++) {
      if (unsafe[i] == label) {
        sum += weights[i];
      }
    }
    return sum;
  }

  /** {@link #auprc(int[])} with every row once. */
  public double auprc() {
    return auprc(once());
  }

  /**
   * Average precision: the sum over steps of (gain in recall) x precision, without interpolation.
   * NaN unless there are both safe and unsafe rows: of one class every order is as good.
   */
  double auprc(int[] weights) {
    long positives = count(weights, true);
    if (positives == 0 || count(weights, false) == 0) {
      return Double.NaN;
    }
    double[] sum = new double[1];
    long[] before = new long[1];
    walk(
        weights,
        (threshold, tp, fp) -> {
          if (tp > before[0]) {
            sum[0] += (double) (tp - before[0]) / positives * ((double) tp / (tp + fp));
            before[0] = tp;
          }
        });
    return sum[0];
  }

  /** {@link #auroc(int[])} with every row once. */
  double auroc() {
    return auroc(once());
  }

  /** Area under the ROC curve by trapezoids; NaN unless there are both safe and unsafe rows. */
  double auroc(int[] weights) {
    double positives = count(weights, true);
    double negatives = count(weights, false);
    if (positives == 0 || negatives == 0) {
      return Double.NaN;
    }
    double[] area = new double[1];
    long[] before = new long[2];
    walk(
        weights,
        (threshold, tp, fp) -> {
          area[0] += (double) (fp - before[1]) * (tp + before[0]) / 2;
          before[0] = tp;
          before[1] = fp;
        });
    return area[0] / positives / negatives;
  }

  /**
   * Highest true-positive rate of a threshold whose false-positive rate is at most {@code limit};
   * NaN unless there are both safe and unsafe rows.
   */
  double tprAtFpr(double limit) {
    int[] weights = once();
    double positives = count(weights, true);
    double negatives = count(weights, false);
    if (positives == 0 || negatives == 0) {
      return Double.NaN;
    }
    double[] best = new double[1];
    walk(
        weights,
        (threshold, tp, fp) -> {
          if (fp / negatives <= limit) {
            best[0] = tp / positives;
          }
        });
    return best[0];
  }

  /** The threshold with the highest F1, the highest such; NaN without unsafe rows. */
  double bestF1Threshold() {
    int[] weights = once();
    long positives = count(weights, true);
    double[] best = {Double.NaN, 0};
    walk(
        weights,
        (threshold, tp, fp) -> {
          double f1 = 2.0 * tp / (tp + fp + positives);
          if (f1 > best[1]) {
            best[0] = threshold;
            best[1] = f1;
          }
        });
    return best[0];
  }
}
