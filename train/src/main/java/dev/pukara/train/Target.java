package dev.pukara.train;

import java.util.Arrays;
import java.util.Locale;

/**
 * What the model should say after a row: cross entropy of one token against the others that may
 * stand there. Several targets may share a row; two with weights {@code p} and {@code 1 - p} teach
 * a soft label.
 *
 * @param row row of the batch whose next token is meant
 * @param candidates token ids that the softmax runs over; empty: the whole vocabulary
 * @param answer index of the right one in {@code candidates}, or its token id if these are empty
 * @param weight how much the target counts beside the others of a step, above 0
 */
public record Target(int row, int[] candidates, int answer, float weight) {
  /** Checks that the answer is one of the candidates. */
  public Target {
    boolean known = answer >= 0 && (candidates.length == 0 || answer < candidates.length);
    if (row < 0 || !known || !(weight > 0) || Float.isInfinite(weight)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "target at row %d: answer %d of %d candidates, weight %s",
              row,
              answer,
              candidates.length,
              weight));
    }
  }

  /** True if the softmax runs over the whole vocabulary. */
  public boolean open() {
    return candidates.length == 0;
  }

  /** Cross entropy in nats, given the candidates' logits. */
  public double loss(float[] logits) {
    return logSum(logits) - logits[answer];
  }

  /** True if the answer has the greatest logit. */
  public boolean right(float[] logits) {
    for (int i = 0; i < logits.length; i++) {
      if (i != answer && logits[i] >= logits[answer]) {
        return false;
      }
    }
    return true;
  }

  /** Probabilities from logits. */
  public static double[] softmax(float[] logits) {
    double logSum = logSum(logits);
    double[] probabilities = new double[logits.length];
    Arrays.setAll(probabilities, i -> Math.exp(logits[i] - logSum));
    return probabilities;
  }

  private static double logSum(float[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    return max + Math.log(sum);
  }
}
