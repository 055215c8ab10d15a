package dev.pukara.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** What a terminal of 80 columns shows of the bench's figures. */
class BenchTableTest {
  private static String printed(Consumer<PrintStream> table) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    table.accept(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    String text = bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    assertThat(text.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
    return text;
  }

  /** In the order in which they stand there. */
  private static Map<String, Object> ordered(Object... namesAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      map.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return map;
  }

  private static Map<String, Object> setting() {
    return ordered(
        "model",
        "shape Q8_0",
        "precision",
        "int8",
        "kernels",
        "onednn",
        "threads",
        2,
        "vectorApi",
        true,
        "openMillis",
        1234.5);
  }

  private static Map<String, Object> figures() {
    Map<String, Object> result = setting();
    result.putAll(
        ordered(
            "prefill",
            ordered("128", 2000.0, "512", 1500.0),
            "prefillGops",
            ordered("128", 400.0, "512", 98.76),
            "prefillPercentOfPeak",
            ordered("128", 50.0, "512", 12.345),
            "peakGops",
            ordered("int8", 800.0, "f32", 200.0),
            "cachedCheckMillis",
            40.0,
            "cachedCheckP99Millis",
            80.04,
            "verdictsPerSecondByBatch",
            ordered("1", 50.0, "16", 120.0),
            "batchP50Millis",
            ordered("1", 20.0, "16", 133.0),
            "batchP99Millis",
            ordered("1", 30.0, "16", 150.0),
            "productsAhead",
            1200,
            "productsAheadMillis",
            700.0,
            "productsOnDemand",
            5,
            "weightsMegabytes",
            110.0,
            "keysValuesMegabytes",
            9.5,
            "residentMegabytes",
            1024.0));
    return result;
  }

  @Test
  void figuresInFull() {
    assertThat(printed(out -> BenchTable.figures(figures(), out)))
        .isEqualTo(
            """
            shape Q8_0
            int8, onednn, 2 threads, with Vector API; opened in 1,235 ms
            prefill, tokens                     tokens/s       Gop/s   % of peak
              128                                  2,000         400        50.0
              512                                  1,500        98.8        12.3
            checks behind a policy of 400     per second      p50 ms      p99 ms
              112 tokens                            25.0        40.0        80.0
              24 tokens, batches of 1               50.0        20.0        30.0
              24 tokens, batches of 16               120         133         150
            bare products, the peak                Gop/s
              int8                                   800
              f32                                    200
            products compiled                     number       in ms
              ahead                                1,200         700
              on demand                                5
            memory                                    MB
              packed weights                         110
              keys and values                        9.5
              the whole process                    1,024
            """);
  }

  /** Kernels without a rate of their own, systems that do not tell the memory. */
  @Test
  void whatIsNotKnownIsADash() {
    Map<String, Object> result = figures();
    result.put("prefillPercentOfPeak", Map.of());
    result.put("peakGops", Map.of());
    result.put("residentMegabytes", Double.NaN);
    result.put("vectorApi", false);
    assertThat(printed(out -> BenchTable.figures(result, out)))
        .contains("2 threads, without Vector API;")
        .containsPattern("(?m)^  128 +2,000 +400 +-$")
        .containsPattern("(?m)^  the whole process +-$")
        .doesNotContain("NaN");
  }

  @Test
  void profileListsPhasesOfEachWork() {
    Map<String, Object> result = setting();
    Map<String, Object> linear = ordered("percent", 80.0, "products", 70.25, "waiting", 3.0);
    result.put(
        "profile",
        ordered(
            "prefill of 512 tokens",
            ordered("millis", 200.0, "phases", ordered("linear layers", linear))));
    assertThat(printed(out -> BenchTable.profile(result, out)))
        .endsWith(
            """

            prefill of 512 tokens, 200 ms
                                               % of time    products     waiting
              linear layers                         80.0        70.3         3.0
            """);
  }

  /** More than the first with names, more than the first with descriptions. */
  @Test
  void categoriesAreComparedWithTheFirstOfTheirKind() {
    List<Map<String, Object>> results =
        List.of(
            policy(14, false, 400, 20.0),
            policy(100, false, 900, 25.0),
            policy(14, true, 800, 40.0),
            policy(100, true, 5_000, 50.0));
    assertThat(printed(out -> BenchTable.categories(results, out)))
        .isEqualTo(
            """
            policy                                cached      p50 ms      p99 ms      more %
            14 names                                 400        20.0        40.0         0.0
            100 names                                900        25.0        50.0        25.0
            14 categories, described                 800        40.0        80.0         0.0
            100 categories, described               5000        50.0         100        25.0
            """);
  }

  private static Map<String, Object> policy(
      int categories, boolean described, int cached, double p50) {
    return ordered(
        "categories", categories,
        "described", described,
        "cachedTokens", cached,
        "p50Millis", p50,
        "p99Millis", 2 * p50);
  }
}
