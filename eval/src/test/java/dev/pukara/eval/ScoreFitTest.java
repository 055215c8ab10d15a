package dev.pukara.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ScoreFitTest {
  private static final int ROWS = 20_000;

  /** Rows whose labels follow their log odds, which are stretched by a factor then. */
  private static ScoreFit fit(double stretch, double targetFpr) {
    Random random = new Random(7);
    double[] scores = new double[ROWS];
    boolean[] unsafe = new boolean[ROWS];
    for (int i = 0; i < ROWS; i++) {
      double z = 2 * random.nextGaussian();
      unsafe[i] = random.nextDouble() < 1 / (1 + Math.exp(-z));
      scores[i] = 1 / (1 + Math.exp(-stretch * z));
    }
    return ScoreFit.of(scores, unsafe, targetFpr);
  }

  @Test
  void temperatureUndoesOverconfidence() {
    ScoreFit fit = fit(3, 0.01);
    assertThat(fit.temperature()).isCloseTo(3, within(0.15));
    assertThat(fit.eceBefore()).isGreaterThan(0.08);
    assertThat(fit.eceAfter()).isLessThan(0.02);
  }

  @Test
  void calibratedScoresStayAsTheyAre() {
    assertThat(fit(1, 0.01).temperature()).isCloseTo(1, within(0.05));
  }

  @Test
  void falsePositivesStayBelowTheTarget() {
    for (double target : new double[] {0, 0.001, 0.01, 0.1, 1}) {
      ScoreFit fit = fit(2, target);
      assertThat(fit.falsePositiveRate()).isLessThanOrEqualTo(target);
      assertThat(fit.falsePositiveRate()).isGreaterThan(target - 0.001);
      assertThat(fit.threshold()).isBetween(0.0, 1.0);
    }
  }

  /** Halves of one label each would fit nonsense. */
  @Test
  void labelsInTurnAreNoTrap() {
    Random random = new Random(11);
    double[] scores = new double[ROWS];
    boolean[] unsafe = new boolean[ROWS];
    for (int i = 0; i < ROWS; i++) {
      unsafe[i] = i % 2 == 0;
      // Normal with means -1 and 1: the log odds of a label are twice the value.
      double z = 2 * (random.nextGaussian() + (unsafe[i] ? 1 : -1));
      scores[i] = 1 / (1 + Math.exp(-2 * z));
    }
    ScoreFit fit = ScoreFit.of(scores, unsafe, 0.01);
    assertThat(fit.temperature()).isCloseTo(2, within(0.1));
    assertThat(fit.eceAfter()).isLessThan(0.02);
  }

  @Test
  void tiesCountTogether() {
    double[] scores = {0.5, 0.5, 0.5, 0.7};
    boolean[] unsafe = {false, false, true, true};
    ScoreFit fit = ScoreFit.of(scores, unsafe, 0.4);
    assertThat(fit.falsePositiveRate()).isZero();
    assertThat(fit.recall()).isEqualTo(0.5);
  }

  @Test
  void needsBothLabels() {
    assertThatThrownBy(() -> ScoreFit.of(new double[] {1}, new boolean[] {true}, 0.01))
        .hasMessageContaining("0 safe and 1 unsafe");
  }
}
