package dev.pukara.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import java.io.IOException;
import java.io.InputStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Our metrics against scikit-learn's; made anew by scripts/make_metric_golden.py. */
class MetricsGoldenTest {
  private static final double TOLERANCE = 1e-9;

  static Stream<Arguments> cases() throws IOException {
    try (InputStream in = MetricsGoldenTest.class.getResourceAsStream("metrics.json")) {
      JsonNode all = new JsonMapper().readTree(in);
      return StreamSupport.stream(all.spliterator(), false)
          .map(node -> Arguments.of(node.get("name").asString(), node));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void equalsScikitLearn(String name, JsonNode golden) {
    int rows = golden.get("scores").size();
    double[] scores = new double[rows];
    boolean[] unsafe = new boolean[rows];
    for (int i = 0; i < rows; i++) {
      scores[i] = golden.get("scores").get(i).asDouble();
      unsafe[i] = golden.get("unsafe").get(i).asInt() == 1;
    }
    Ranking ranking = new Ranking(scores, unsafe);
    same(golden, "auprc", ranking.auprc());
    same(golden, "auroc", ranking.auroc());
    same(golden, "tpr_at_fpr_1", ranking.tprAtFpr(0.01));
    same(golden, "tpr_at_fpr_5", ranking.tprAtFpr(0.05));
    same(golden, "best_f1_threshold", ranking.bestF1Threshold());
    same(golden, "ece", Calibration.ece(scores, unsafe));
    same(golden, "brier", Calibration.brier(scores, unsafe));
    for (JsonNode at : golden.get("at")) {
      Confusion confusion = Confusion.at(at.get("threshold").asDouble(), scores, unsafe);
      same(at, "precision", confusion.precision());
      same(at, "recall", confusion.recall());
      same(at, "f1", confusion.f1());
      same(at, "fpr", confusion.falsePositiveRate());
      assertThat(
              new long[] {
                confusion.truePositives(),
                confusion.falsePositives(),
                confusion.trueNegatives(),
                confusion.falseNegatives()
              })
          .containsExactly(at.get("counts").valueStream().mapToLong(JsonNode::asLong).toArray());
    }
  }

  private static void same(JsonNode golden, String field, double actual) {
    JsonNode expected = golden.get(field);
    if (expected.isNull()) {
      assertThat(actual).as(field).isNaN();
    } else {
      assertThat(actual).as(field).isCloseTo(expected.asDouble(), offset(TOLERANCE));
    }
  }
}
