package dev.pukara.eval;

/**
 * Counts at a threshold; positive = unsafe, and a score from the threshold on says unsafe. A ratio
 * without a denominator is 0 for precision, recall and F1 (as in scikit-learn), NaN for the
 * false-positive rate.
 */
record Confusion(long truePositives, long falsePositives, long trueNegatives, long falseNegatives) {
  static Confusion at(double threshold, double[] scores, boolean[] unsafe) {
    long tp = 0;
    long fp = 0;
    long tn = 0;
    long fn = 0;
    for (int i = 0; i < scores.length; i++) {
      if (scores[i] >= threshold) {
        if (unsafe[i]) {
          tp++;
        } else {
          fp++;
        }
      } else if (unsafe[i]) {
        fn++;
      } else {
        tn++;
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
