package dev.pukara.eval;

import java.util.Arrays;
import java.util.Random;
import java.util.function.ToDoubleFunction;

/**
 * Percentile bootstrap (Efron 1979): rows are drawn with replacement, the metric is computed again,
 * and the middle 95 % of its values is the interval. Seeded: the same rows give the same interval.
 */
final class Bootstrap {
  static final int RESAMPLES = 1000;
  private static final long SEED = 2312_06674L;

  private Bootstrap() {}

  /** 95 % interval; both ends NaN if no resample has a value. */
  record Interval(double low, double high) {}

  /**
   * A difference of two guards on the same rows.
   *
   * @param difference metric of the second minus that of the first
   * @param interval of the difference
   * @param pValue two-sided: how often the resampled difference is on the other side of zero
   */
  record Paired(double difference, Interval interval, double pValue) {}

  /**
   * Interval of a metric.
   *
   * @param metric of how often each row was drawn; NaN = undefined, left out
   */
  static Interval interval(int rows, ToDoubleFunction<int[]> metric) {
    return percentiles(resample(rows, metric));
  }

  /** Difference of a metric of two guards, resampling the rows of both together. */
  static Paired paired(int rows, ToDoubleFunction<int[]> first, ToDoubleFunction<int[]> second) {
    int[] once = new int[rows];
    Arrays.fill(once, 1);
    double[] differences =
        resample(rows, weights -> second.applyAsDouble(weights) - first.applyAsDouble(weights));
    double below = Arrays.stream(differences).filter(d -> d <= 0).count();
    double above = Arrays.stream(differences).filter(d -> d >= 0).count();
    double p =
        differences.length == 0
            ? Double.NaN
            : Math.min(1, 2 * Math.min(below, above) / differences.length);
    return new Paired(
        second.applyAsDouble(once) - first.applyAsDouble(once), percentiles(differences), p);
  }

  private static double[] resample(int rows, ToDoubleFunction<int[]> metric) {
    Random random = new Random(SEED);
    double[] values = new double[RESAMPLES];
    int[] weights = new int[rows];
    for (int r = 0; r < RESAMPLES && rows > 0; r++) {
      Arrays.fill(weights, 0);
      for (int i = 0; i < rows; i++) {
        weights[random.nextInt(rows)]++;
      }
      values[r] = metric.applyAsDouble(weights);
    }
    return rows == 0
        ? new double[0]
        : Arrays.stream(values).filter(value -> !Double.isNaN(value)).sorted().toArray();
  }

  private static Interval percentiles(double[] sorted) {
    if (sorted.length == 0) {
      return new Interval(Double.NaN, Double.NaN);
    }
    return new Interval(at(sorted, 0.025), at(sorted, 0.975));
  }

  /** Linear between neighbours, as numpy.percentile does by default. */
  private static double at(double[] sorted, double q) {
    double place = q * (sorted.length - 1);
    int low = (int) place;
    int high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (place - low) * (sorted[high] - sorted[low]);
  }
}
