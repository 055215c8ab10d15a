package dev.pukara.eval;

import java.util.ArrayList;
import java.util.List;

/**
 * How far scores are probabilities. Bins have equal width; bin b holds scores in (b/n, (b+1)/n],
 * the first one 0 too (Guo et al., arXiv 1706.04599, for the probability of the class unsafe).
 */
final class Calibration {
  static final int BINS = 15;

  private Calibration() {}

  /**
   * Rows whose scores fall into one bin.
   *
   * @param count rows
   * @param meanScore NaN if empty
   * @param unsafeFraction NaN if empty
   */
  record Bin(int count, double meanScore, double unsafeFraction) {}

  static List<Bin> bins(double[] scores, boolean[] unsafe, int bins) {
    int[] count = new int[bins];
    int[] positives = new int[bins];
    double[] sum = new double[bins];
    for (int i = 0; i < scores.length; i++) {
      int bin = Math.clamp((int) Math.ceil(scores[i] * bins) - 1, 0, bins - 1);
      count[bin]++;
      positives[bin] += unsafe[i] ? 1 : 0;
      sum[bin] += scores[i];
    }
    List<Bin> result = new ArrayList<>();
    for (int b = 0; b < bins; b++) {
      result.add(
          count[b] == 0
              ? new Bin(0, Double.NaN, Double.NaN)
              : new Bin(count[b], sum[b] / count[b], (double) positives[b] / count[b]));
    }
    return result;
  }

  /** Expected calibration error over {@link #BINS} bins; NaN without rows. */
  static double ece(double[] scores, boolean[] unsafe) {
    double error = 0;
    for (Bin bin : bins(scores, unsafe, BINS)) {
      if (bin.count() > 0) {
        error += bin.count() * Math.abs(bin.meanScore() - bin.unsafeFraction());
      }
    }
    return error / scores.length;
  }

  /** Mean squared difference of score and label (1 = unsafe); NaN without rows. */
  static double brier(double[] scores, boolean[] unsafe) {
    double sum = 0;
    for (int i = 0; i < scores.length; i++) {
      double miss = scores[i] - (unsafe[i] ? 1 : 0);
      sum += miss * miss;
    }
    return sum / scores.length;
  }
}
