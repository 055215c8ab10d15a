package dev.pukara.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ScheduleTest {
  private static final Offset<Double> TIGHT = offset(1e-12);

  @Test
  void warmsUpAndFalls() {
    Schedule linear = new Schedule(Schedule.Shape.LINEAR, 1.0, 2, 6, 0);
    double[] expected = {0.5, 1, 1, 0.75, 0.5, 0.25, 0, 0};
    Schedule cosine = new Schedule(Schedule.Shape.COSINE, 2.0, 0, 4, 0.5);
    for (int step = 0; step < expected.length; step++) {
      assertThat(linear.at(step)).as("step %d", step).isCloseTo(expected[step], TIGHT);
    }
    assertThat(cosine.at(0)).isCloseTo(2, TIGHT);
    assertThat(cosine.at(2)).isCloseTo(1.5, TIGHT);
    assertThat(cosine.at(4)).isCloseTo(1, TIGHT);
    assertThat(new Schedule(Schedule.Shape.CONSTANT, 3, 1, 1, 0).at(9)).isEqualTo(3);
  }

  @Test
  void refusesNonsense() {
    assertThatThrownBy(() -> new Schedule(Schedule.Shape.LINEAR, 1, 7, 6, 0))
        .hasMessageContaining("6 steps, 7 of them warm-up");
  }
}
