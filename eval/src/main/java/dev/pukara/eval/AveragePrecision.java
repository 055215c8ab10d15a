package dev.pukara.eval;

/** Area under the precision-recall curve, as scikit-learn's {@code average_precision_score}. */
public final class AveragePrecision {
  private AveragePrecision() {}

  /**
   * Of the rows, ranked by score; NaN unless there are both safe and unsafe rows.
   *
   * @param unsafe the positive class
   */
  public static double of(double[] scores, boolean[] unsafe) {
    return new Ranking(scores, unsafe).auprc();
  }
}
