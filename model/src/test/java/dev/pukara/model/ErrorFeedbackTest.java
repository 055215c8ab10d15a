package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Tensor;
import dev.pukara.kernels.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ErrorFeedbackTest {
  private static final int COLS = 96;
  private static final int ROWS = 400;

  private final Random random = new Random(20261127);
  private final Workers workers = new Workers(2);

  @AfterEach
  void close() {
    workers.close();
  }

  /** Inputs that go together: mixtures of a few causes, some columns far greater than others. */
  private double[][] inputs() {
    double[][] mix = new double[12][COLS];
    for (double[] cause : mix) {
      for (int j = 0; j < COLS; j++) {
        cause[j] = random.nextGaussian() * (j % 17 == 0 ? 10 : 1);
      }
    }
    double[][] inputs = new double[ROWS][COLS];
    for (double[] row : inputs) {
      for (double[] cause : mix) {
        double strength = random.nextGaussian();
        for (int j = 0; j < COLS; j++) {
          row[j] += strength * cause[j];
        }
      }
      for (int j = 0; j < COLS; j++) {
        row[j] += 0.3 * random.nextGaussian();
      }
    }
    return inputs;
  }

  private ErrorFeedback feedback(double[][] inputs) {
    try (Arena arena = Arena.ofConfined()) {
      float[] moments = new float[COLS * COLS];
      for (double[] row : inputs) {
        for (int i = 0; i < COLS; i++) {
          for (int j = 0; j < COLS; j++) {
            moments[i * COLS + j] += (float) (row[i] * row[j]);
          }
        }
      }
      return ErrorFeedback.of(Tensor.of(arena, COLS, COLS, moments), workers);
    }
  }

  private float[] weights() {
    float[] weights = new float[COLS];
    for (int j = 0; j < COLS; j++) {
      weights[j] = (float) random.nextGaussian() * 0.05f;
    }
    return weights;
  }

  private static float[] decoded(BlockFormat format, MemorySegment stored) {
    float[] values = new float[COLS];
    format.decode(stored, 0, COLS, MemorySegment.ofArray(values), 0);
    return values;
  }

  private static MemorySegment room(BlockFormat format) {
    return MemorySegment.ofArray(new byte[(int) format.bytesOf(COLS)]);
  }

  /** Squared length of what a layer of one output would do differently. */
  private static double error(double[][] inputs, float[] exact, float[] stored) {
    double error = 0;
    for (double[] row : inputs) {
      double difference = 0;
      for (int j = 0; j < COLS; j++) {
        difference += row[j] * (stored[j] - exact[j]);
      }
      error += difference * difference;
    }
    return error;
  }

  @ParameterizedTest
  @EnumSource(
      value = BlockFormat.class,
      names = {"Q4_0", "Q5_0", "Q8_0"})
  void resultsChangeFarLessThanByNearestValues(BlockFormat format) {
    double[][] inputs = inputs();
    ErrorFeedback feedback = feedback(inputs);
    double nearest = 0;
    double guided = 0;
    for (int i = 0; i < 20; i++) {
      float[] exact = weights();
      MemorySegment plain = room(format);
      format.encode(MemorySegment.ofArray(exact), 0, COLS, plain);
      nearest += error(inputs, exact, decoded(format, plain));
      MemorySegment stored = room(format);
      feedback.round(exact.clone(), format, stored);
      guided += error(inputs, exact, decoded(format, stored));
    }
    assertThat(guided).isLessThan(nearest / 4);
  }

  @Test
  void inputsThatDoNotGoTogetherGetNearestValues() {
    double[][] inputs = new double[COLS][COLS];
    for (int j = 0; j < COLS; j++) {
      inputs[j][j] = 1;
    }
    ErrorFeedback feedback = feedback(inputs);
    float[] exact = weights();
    MemorySegment stored = room(BlockFormat.Q8_0);
    feedback.round(exact.clone(), BlockFormat.Q8_0, stored);
    float[] values = decoded(BlockFormat.Q8_0, stored);
    for (int j = 0; j < COLS; j++) {
      assertThat(Math.abs(values[j] - exact[j])).isLessThan(0.2f / 127);
    }
  }

  @Test
  void whatWasNeverReadAndZeroesAreNoTrouble() {
    ErrorFeedback feedback = feedback(new double[1][COLS]);
    float[] exact = weights();
    exact[3] = 0;
    MemorySegment stored = room(BlockFormat.Q4_0);
    feedback.round(exact.clone(), BlockFormat.Q4_0, stored);
    assertThat(decoded(BlockFormat.Q4_0, stored)).doesNotContain(Float.NaN);
    feedback.round(new float[COLS], BlockFormat.Q4_0, stored);
    assertThat(decoded(BlockFormat.Q4_0, stored)).containsOnly(0f);
  }
}
