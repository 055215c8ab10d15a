package dev.pukara.eval;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A temperature and a threshold fitted to labelled scores. The temperature is the one that makes
 * the labels likeliest (Guo et al., arXiv 1706.04599, section 4.2); it does not change the order of
 * scores. The threshold is the lowest at which no more than the wanted share of safe rows is called
 * unsafe.
 *
 * @param temperature divides the log odds
 * @param threshold of the score at that temperature
 * @param eceBefore expected calibration error of the scores as they came
 * @param eceAfter the same at the temperature, each half of the rows with the temperature of the
 *     other half, so that it is not flattered by having seen the labels
 * @param falsePositiveRate share of safe rows from the threshold on
 * @param recall share of unsafe rows from the threshold on
 * @param safe number of safe rows
 * @param unsafe number of unsafe rows
 */
public record ScoreFit(
    double temperature,
    double threshold,
    double eceBefore,
    double eceAfter,
    double falsePositiveRate,
    double recall,
    int safe,
    int unsafe) {
  private static final double LOG_TEMPERATURE_MIN = Math.log(0.05);
  private static final double LOG_TEMPERATURE_MAX = Math.log(20);
  private static final int SEARCH_STEPS = 80;

  /** A score of exactly 0 or 1 would be infinite. */
  private static final double SCORE_MIN = 1e-15;

  /**
   * Fits temperature and threshold.
   *
   * @param scores probabilities of unsafe
   * @param unsafe labels
   * @param targetFpr most false positives, as a share of the safe rows
   * @throws IllegalArgumentException unless there are rows of both labels
   */
  public static ScoreFit of(double[] scores, boolean[] unsafe, double targetFpr) {
    return at(scores, unsafe, temperature(logOdds(scores), unsafe), targetFpr);
  }

  /** Fits the threshold at a temperature that is given. */
  public static ScoreFit at(
      double[] scores, boolean[] unsafe, double temperature, double targetFpr) {
    int positives = (int) IntStream.range(0, unsafe.length).filter(i -> unsafe[i]).count();
    int negatives = unsafe.length - positives;
    if (positives == 0 || negatives == 0) {
      throw new IllegalArgumentException(
          negatives + " safe and " + positives + " unsafe rows; a fit needs both");
    }
    double[] logOdds = logOdds(scores);
    double[] fitted = scores(logOdds, temperature);
    double threshold = threshold(fitted, unsafe, targetFpr, negatives);
    int falsePositives = 0;
    int truePositives = 0;
    for (int i = 0; i < fitted.length; i++) {
      if (fitted[i] >= threshold) {
        truePositives += unsafe[i] ? 1 : 0;
        falsePositives += unsafe[i] ? 0 : 1;
      }
    }
    return new ScoreFit(
        temperature,
        threshold,
        Calibration.ece(scores, unsafe),
        Calibration.ece(crossFitted(logOdds, unsafe), unsafe),
        (double) falsePositives / negatives,
        (double) truePositives / positives,
        negatives,
        positives);
  }

  private static double[] logOdds(double[] scores) {
    return Arrays.stream(scores)
        .map(score -> Math.clamp(score, SCORE_MIN, 1 - SCORE_MIN))
        .map(score -> Math.log(score / (1 - score)))
        .toArray();
  }

  private static double[] crossFitted(double[] logOdds, boolean[] unsafe) {
    double[] scores = new double[logOdds.length];
    int[] halves = halves(unsafe);
    for (int half = 0; half < 2; half++) {
      int wanted = half;
      int[] others = IntStream.range(0, logOdds.length).filter(i -> halves[i] != wanted).toArray();
      double[] otherOdds = Arrays.stream(others).mapToDouble(i -> logOdds[i]).toArray();
      boolean[] otherLabels = new boolean[others.length];
      for (int i = 0; i < others.length; i++) {
        otherLabels[i] = unsafe[others[i]];
      }
      double temperature = temperature(otherOdds, otherLabels);
      for (int i = 0; i < logOdds.length; i++) {
        if (halves[i] == half) {
          scores[i] = score(logOdds[i], temperature);
        }
      }
    }
    return scores;
  }

  /** Every other row of each label, so that both halves have both, however the rows are sorted. */
  private static int[] halves(boolean[] unsafe) {
    int[] halves = new int[unsafe.length];
    int safeSeen = 0;
    int unsafeSeen = 0;
    for (int i = 0; i < unsafe.length; i++) {
      halves[i] = (unsafe[i] ? unsafeSeen++ : safeSeen++) % 2;
    }
    return halves;
  }

  /** Golden section over the logarithm: the loss is convex in the temperature's inverse. */
  private static double temperature(double[] logOdds, boolean[] unsafe) {
    double ratio = (Math.sqrt(5) - 1) / 2;
    double low = LOG_TEMPERATURE_MIN;
    double high = LOG_TEMPERATURE_MAX;
    for (int step = 0; step < SEARCH_STEPS; step++) {
      double left = high - ratio * (high - low);
      double right = low + ratio * (high - low);
      if (loss(logOdds, unsafe, Math.exp(left)) <= loss(logOdds, unsafe, Math.exp(right))) {
        high = right;
      } else {
        low = left;
      }
    }
    return Math.exp((low + high) / 2);
  }

  /** Negative log likelihood. */
  private static double loss(double[] logOdds, boolean[] unsafe, double temperature) {
    double sum = 0;
    for (int i = 0; i < logOdds.length; i++) {
      double z = (unsafe[i] ? -1 : 1) * logOdds[i] / temperature;
      sum += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
    }
    return sum;
  }

  /** Between the first safe row that must stay below and whatever is next above it. */
  private static double threshold(
      double[] scores, boolean[] unsafe, double targetFpr, int negatives) {
    double[] safe =
        IntStream.range(0, scores.length)
            .filter(i -> !unsafe[i])
            .mapToDouble(i -> scores[i])
            .sorted()
            .toArray();
    int allowed = (int) Math.floor(targetFpr * negatives + 1e-9);
    if (allowed >= negatives) {
      return 0;
    }
    double below = safe[negatives - 1 - allowed];
    double above = Arrays.stream(scores).filter(score -> score > below).min().orElse(1);
    double middle = below + (above - below) / 2;
    return middle > below ? middle : Math.min(1, Math.nextUp(below));
  }

  private static double[] scores(double[] logOdds, double temperature) {
    return Arrays.stream(logOdds).map(z -> score(z, temperature)).toArray();
  }

  private static double score(double logOdds, double temperature) {
    return 1 / (1 + Math.exp(-logOdds / temperature));
  }
}
