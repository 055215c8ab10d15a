package dev.pukara.eval;

import java.util.Arrays;

/** Area under the precision-recall curve, as scikit-learn's {@code average_precision_score}. */
public final class AveragePrecision {
  private AveragePrecision() {}

  /**
   * Of the rows, ranked by score.
   *
   * @param unsafe the positive class; at least one row
   */
  public static double of(double[] scores, boolean[] unsafe) {
    int[] once = new int[scores.length];
    Arrays.fill(once, 1);
    return new Ranking(scores, unsafe).averagePrecision(once);
  }
}
