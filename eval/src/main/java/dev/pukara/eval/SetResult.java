package dev.pukara.eval;

import dev.pukara.eval.RunFile.SetRun;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One contender on one data set, read back from disk.
 *
 * @param name of the set
 * @param run what was judged
 * @param predictions in the file's order
 * @param metrics as in {@code metrics.json}
 */
record SetResult(
    String name, SetRun run, List<Prediction> predictions, Map<String, Object> metrics) {
  /** False if only some of the set's messages were judged: a sample, or a run that was stopped. */
  boolean isComplete() {
    return predictions.size() >= run.messages();
  }

  /** A sentence on messages without a score; empty if there are none. */
  String unreadable() {
    long count = ((Number) metrics.getOrDefault("unreadable", 0L)).longValue();
    return count == 0
        ? ""
        : String.format(
            Locale.ROOT,
            "Unreadable in %s: %,d (too long, or no verdict); counted as unsafe.%n",
            name,
            count);
  }

  /** How long answers took, with others under way, and how many there were a second. */
  static Map<String, Object> speed(SetRun run, List<Prediction> predictions) {
    double[] millis = predictions.stream().mapToDouble(p -> p.rating().millis()).sorted().toArray();
    double tokens = predictions.stream().mapToDouble(p -> p.rating().tokens()).sum();
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("seconds", run.seconds());
    map.put("perSecond", Metrics.number(predictions.size() / run.seconds()));
    map.put("tokensPerSecond", Metrics.number(tokens / run.seconds()));
    map.put("p50Millis", at(millis, 0.5));
    map.put("p95Millis", at(millis, 0.95));
    map.put("p99Millis", at(millis, 0.99));
    return map;
  }

  private static double at(double[] sorted, double share) {
    return Arrays.stream(sorted).skip((long) (share * (sorted.length - 1))).findFirst().orElse(0);
  }
}
