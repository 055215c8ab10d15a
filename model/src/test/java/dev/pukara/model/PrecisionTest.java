package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What each precision may cost on real weights, against f32 of the same kernels. */
class PrecisionTest {
  /** The bundled guard's weights. */
  private static final Path MODEL =
      Path.of("../starter/src/main/resources/dev/pukara/starter/pukara-guard-135m.gguf");

  private static final String TEXT =
      "The library opens at nine on weekdays. Bring the books back by Friday, or write to us before"
          + " that. How do I sort a list of names by length in Java, and keep equal ones in order?";

  /**
   * Most that the probabilities of the next token may differ from f32's, as half the sum of the
   * absolute differences, mean over positions. Measured on these weights (Zen 4): 0.007, 0.007,
   * 0.086; on SmolLM2's own in Q4_1, whose groups are rounded again: 0.008, 0.024, 0.110.
   */
  private static double tolerance(Precision precision) {
    return switch (precision) {
      case F32 -> 0;
      case BF16 -> 0.015;
      case GROUP32 -> 0.04;
      case INT8 -> 0.18;
    };
  }

  @ParameterizedTest
  @EnumSource
  void probabilitiesStayCloseToF32(Precision precision) throws IOException {
    try (Kernels kernels = Kernels.best()) {
      assumeThat(kernels.precisions()).contains(precision);
      int[] tokens = tokens(MODEL);
      float[][] exact = LlamaGoldenTest.logits(MODEL, kernels, Precision.F32, tokens);
      float[][] actual = LlamaGoldenTest.logits(MODEL, kernels, precision, tokens);
      double sum = 0;
      for (int i = 0; i < tokens.length; i++) {
        sum += difference(probabilities(exact[i]), probabilities(actual[i]));
      }
      assertThat(sum / tokens.length).isLessThanOrEqualTo(tolerance(precision));
    }
  }

  private static int[] tokens(Path path) throws IOException {
    try (ModelFile file = ModelFile.open(path)) {
      return Tokenizer.of(file.tokenizer()).encode(TEXT);
    }
  }

  private static double difference(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += Math.abs(a[i] - b[i]) / 2;
    }
    return sum;
  }

  private static double[] probabilities(float[] logits) {
    double greatest = logits[LlamaGoldenTest.best(logits)];
    double[] values = new double[logits.length];
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.exp(logits[i] - greatest);
      sum += values[i];
    }
    for (int i = 0; i < values.length; i++) {
      values[i] /= sum;
    }
    return values;
  }
}
