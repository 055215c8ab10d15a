package dev.pukara.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.pukara.app.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** That bench measures what it says, on a tiny model; how fast that is does not matter here. */
class BenchCommandTest {
  @TempDir private static Path folder;
  private static String model = "";

  @BeforeAll
  static void makeModel() throws IOException {
    model = Cli.tinyModel(folder);
  }

  private static Result bench(String... more) {
    List<String> args = new ArrayList<>(List.of("bench", "--seconds", "0.02"));
    args.addAll(List.of(more));
    Result result = Cli.run(args.toArray(String[]::new));
    assertThat(result.code()).as(result.err()).isZero();
    return result;
  }

  @Test
  void oneJsonObject() {
    JsonNode json = new JsonMapper().readTree(bench("--model", model, "--json").out());
    JsonNode peaks = json.get("peakGops");
    String precision = json.get("precision").asString();
    for (String tokens : List.of("128", "256", "512")) {
      assertThat(json.get("prefill").get(tokens).asDouble()).isPositive();
      if (peaks.has(precision)) {
        double reached = json.get("prefillGops").get(tokens).asDouble();
        assertThat(json.get("prefillPercentOfPeak").get(tokens).asDouble())
            .isCloseTo(100 * reached / peaks.get(precision).asDouble(), offset(1e-6));
      }
    }
    for (String batch : List.of("1", "4", "16")) {
      assertThat(json.get("batchP99Millis").get(batch).asDouble())
          .isGreaterThanOrEqualTo(json.get("batchP50Millis").get(batch).asDouble());
      assertThat(json.get("verdictsPerSecondByBatch").get(batch).asDouble()).isPositive();
    }
    assertThat(json.get("cachedCheckMillis").asDouble()).isPositive();
    assertThat(json.get("weightsMegabytes").asDouble()).isPositive();
    assertThat(json.get("keysValuesMegabytes").asDouble()).isPositive();
  }

  @Test
  void tableAndProfile() {
    assertThat(bench("--model", model).out()).contains("prefill, tokens", "112 tokens", "memory");
    assertThat(bench("--model", model, "--profile").out())
        .contains("prefill of 512 tokens", "linear layers", "16 messages of 24 tokens");
  }

  @Test
  void precisionsThatAreNotHereAreNamed() {
    System.setProperty("pukara.kernels", "scalar");
    try {
      Result result = Cli.run("bench", "--model", model, "--precision", "int8");
      assertThat(result.code()).isEqualTo(ExitCodes.USAGE);
      assertThat(result.err())
          .contains("precision int8: scalar kernels on this CPU have [f32]; choose one of those");
    } finally {
      System.clearProperty("pukara.kernels");
    }
  }
}
