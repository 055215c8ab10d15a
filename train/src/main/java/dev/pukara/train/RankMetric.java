package dev.pukara.train;

/**
 * A measure of how well scores rank unsafe cases before safe ones; module eval has the usual ones.
 */
@FunctionalInterface
public interface RankMetric {
  /**
   * The measure, such as the area under the precision-recall curve.
   *
   * @param scores p(unsafe) of each case
   * @param unsafe label of each case
   */
  double of(double[] scores, boolean[] unsafe);
}
