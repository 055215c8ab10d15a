package dev.pukara.eval;

import java.util.Arrays;

/**
 * Counts at a threshold; positive = unsafe, and a score from the threshold on says unsafe. A ratio
 * without a denominator is 0 for precision, recall and F1 (as in scikit-learn), NaN for the
 * false-positive rate.
 */
record Confusion(long truePositives, long falsePositives, long trueNegatives, long falseNegatives) {
  static Confusion at(double threshold, double[] scores, boolean[] unsafe) {
    boolean[] flagged = new boolean[scores.length];
    for (int i = 0; i < scores.length; i++) {
      flagged[i] = scores[i] >= threshold;
    }
    int[] once = new int[scores.length];
    Arrays.fill(once, 1);
    return of(flagged, unsafe, once);
  }

  /** Counts of decisions, where every row counts {@code weights[row]} times. */
  static Confusion of(boolean[] flagged, boolean[] unsafe, int[] weights) {
    long tp = 0;
    long fp = 0;
    long tn = 0;
    long fn = 0;
    for (int i = 0; i < flagged.length; i++) {
      if (flagged[i]) {
        if (unsafe[i]) {
          tp += weights[i];
        } else {
          fp += weights[i];
        }
      } else if (unsafe[i]) {
        fn += weights[i];
      } else {
        tn += weights[i];
      }
    }
    return new Confusion(tp, fp, tn, fn);
  }

  double precision() {
    return ratio(truePositives, truePositives + falsePositives, 0);
  }

  double recall() {
    return ratio(truePositives, truePositives + falseNegatives, 0);
  }

  double f1() {
    return ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives, 0);
  }

  double falsePositiveRate() {
    return ratio(falsePositives, falsePositives + trueNegatives, Double.NaN);
  }

  private static double ratio(long part, long whole, double otherwise) {
    return whole == 0 ? otherwise : (double) part / whole;
  }
}
