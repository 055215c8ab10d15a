package dev.pukara.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What stands in an output file, of earlier runs too.
 *
 * @param verdicts number of rows by verdict, without those that have an error
 * @param errors rows without a verdict
 */
record BatchSummary(Map<String, Long> verdicts, long errors) {
  private static final JsonMapper JSON = new JsonMapper();

  static BatchSummary of(Path file) throws IOException {
    Map<String, Long> verdicts = new TreeMap<>();
    long errors = 0;
    try (Stream<String> lines = Files.lines(file)) {
      for (String line : (Iterable<String>) lines::iterator) {
        JsonNode json = JSON.readTree(line);
        if (json.has("error")) {
          errors++;
        } else {
          verdicts.merge(json.path("verdict").asString("unreadable"), 1L, Long::sum);
        }
      }
    }
    return new BatchSummary(verdicts, errors);
  }

  /** True if every row has a verdict that can be read. */
  boolean isComplete() {
    return errors == 0 && !verdicts.containsKey("unreadable");
  }

  String text(Path file) {
    String text =
        String.format(
            Locale.ROOT,
            "%s: %d safe, %d unsafe, %d unreadable",
            file,
            verdicts.getOrDefault("safe", 0L),
            verdicts.getOrDefault("unsafe", 0L),
            verdicts.getOrDefault("unreadable", 0L));
    return errors == 0
        ? text
        : text
            + ", "
            + errors
            + " without a verdict (field 'error'); correct these rows and judge them by themselves";
  }
}
