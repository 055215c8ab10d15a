package dev.pukara.eval;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class BootstrapTest {
  private static final int ROWS = 400;

  private static double[] scores(boolean[] unsafe, double skill, long seed) {
    Random random = new Random(seed);
    double[] scores = new double[unsafe.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = 1 / (1 + Math.exp(-(random.nextGaussian() + (unsafe[i] ? skill : 0))));
    }
    return scores;
  }

  private static boolean[] labels() {
    boolean[] unsafe = new boolean[ROWS];
    for (int i = 0; i < ROWS; i += 3) {
      unsafe[i] = true;
    }
    return unsafe;
  }

  @Test
  void drawnTwiceIsTheSameAsTwoRows() {
    double[] scores = {0.9, 0.8, 0.3, 0.3, 0.1};
    boolean[] unsafe = {true, false, true, false, false};
    Ranking weighted = new Ranking(scores, unsafe);
    Ranking repeated =
        new Ranking(
            new double[] {0.9, 0.9, 0.3, 0.3, 0.3}, new boolean[] {true, true, true, false, false});
    int[] drawn = {2, 0, 1, 2, 0};
    assertThat(weighted.auprc(drawn)).isEqualTo(repeated.auprc());
    assertThat(weighted.auroc(drawn)).isEqualTo(repeated.auroc());
  }

  @Test
  void intervalHoldsTheValueAndHasTheKnownWidthOfAMean() {
    boolean[] unsafe = labels();
    Ranking ranking = new Ranking(scores(unsafe, 2, 1), unsafe);
    Bootstrap.Interval interval = Bootstrap.interval(ROWS, ranking::auprc);
    assertThat(ranking.auprc()).isBetween(interval.low(), interval.high());
    assertThat(Bootstrap.interval(ROWS, ranking::auprc)).isEqualTo(interval);

    // Share of unsafe rows: standard error sqrt(p (1 - p) / n).
    Bootstrap.Interval share =
        Bootstrap.interval(
            ROWS,
            weights -> {
              double sum = 0;
              for (int i = 0; i < ROWS; i++) {
                sum += unsafe[i] ? weights[i] : 0;
              }
              return sum / ROWS;
            });
    double expected = 2 * 1.96 * Math.sqrt(1 / 3.0 * 2 / 3.0 / ROWS);
    assertThat(share.high() - share.low()).isBetween(0.85 * expected, 1.15 * expected);
  }

  /** One unsafe row is missing from every third resample. */
  @Test
  void resamplesOfOneClassAreLeftOut() {
    Ranking ranking = new Ranking(new double[] {0.9, 0.2, 0.1}, new boolean[] {true, false, false});
    assertThat(ranking.auprc(new int[] {0, 2, 1})).isNaN();
    assertThat(ranking.auprc(new int[] {3, 0, 0})).isNaN();
    Bootstrap.Interval interval = Bootstrap.interval(3, ranking::auprc);
    assertThat(interval).isEqualTo(new Bootstrap.Interval(1, 1));
  }

  @Test
  void pairedTellsABetterGuardFromTheSameOne() {
    boolean[] unsafe = labels();
    Ranking poor = new Ranking(scores(unsafe, 0.5, 1), unsafe);
    Ranking good = new Ranking(scores(unsafe, 3, 2), unsafe);
    Bootstrap.Paired better = Bootstrap.paired(ROWS, poor::auprc, good::auprc);
    assertThat(better.interval().low()).isPositive();
    assertThat(better.pValue()).isZero();
    Bootstrap.Paired same = Bootstrap.paired(ROWS, good::auprc, good::auprc);
    assertThat(same.difference()).isZero();
    assertThat(same.pValue()).isEqualTo(1);
  }
}
