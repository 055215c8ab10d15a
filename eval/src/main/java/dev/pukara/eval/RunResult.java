package dev.pukara.eval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * One contender's scores, read back from disk, and what follows from them.
 *
 * @param label name of the contender
 * @param sets in the order of the run
 */
record RunResult(String label, List<SetResult> sets) {
  /** Reads a contender's folder. */
  static RunResult read(Path folder, EvaluationOptions options) throws IOException {
    RunFile file = RunFile.read(folder);
    Map<String, List<Prediction>> predictions = new LinkedHashMap<>();
    for (String name : file.sets().keySet()) {
      Path path = folder.resolve(name).resolve("predictions.jsonl");
      List<Prediction> read = PredictionFile.read(path);
      if (!read.isEmpty()) {
        predictions.put(name, read);
      }
    }
    OptionalDouble validation = validation(options.validation(), predictions, folder);
    List<SetResult> sets = new ArrayList<>();
    file.sets()
        .forEach(
            (name, run) -> {
              List<Prediction> list = predictions.getOrDefault(name, List.of());
              if (!list.isEmpty()) {
                Metrics metrics = new Metrics(list, options.threshold(), validation);
                sets.add(new SetResult(name, run, list, metrics.all(run.identity())));
              }
            });
    return new RunResult(file.label(), sets);
  }

  private static OptionalDouble validation(
      Optional<String> set, Map<String, List<Prediction>> predictions, Path folder) {
    if (set.isEmpty()) {
      return OptionalDouble.empty();
    }
    List<Prediction> list = predictions.get(set.get());
    if (list == null) {
      throw new EvaluationException(
          "--validation "
              + set.get()
              + ": no such set in "
              + folder
              + ", which has "
              + predictions.keySet());
    }
    double best = Scored.of(list).ranking().bestF1Threshold();
    return Double.isNaN(best) ? OptionalDouble.empty() : OptionalDouble.of(best);
  }

  /** As it stands in {@code metrics.json}. */
  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    Map<String, Object> all = new LinkedHashMap<>();
    for (SetResult set : sets) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("reader", set.run().reader());
      one.put("path", set.run().path());
      one.put("dataDigest", set.run().dataDigest());
      one.put("rows", set.run().rows());
      one.put("skipped", set.run().skipped());
      one.put("messages", set.run().messages());
      one.put("complete", set.isComplete());
      one.putAll(set.metrics());
      one.put("speed", SetResult.speed(set.run(), set.predictions()));
      one.putAll(identity(set.run().identity()));
      all.put(set.name(), one);
    }
    json.put("label", label);
    if (!sets.isEmpty()) {
      json.putAll(identity(sets.getFirst().run().identity()));
    }
    json.put("sets", all);
    return json;
  }

  private static Map<String, Object> identity(Identity identity) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", Map.of("name", identity.model(), "digest", identity.modelDigest()));
    json.put("policy", Map.of("id", identity.policy(), "digest", identity.policyDigest()));
    json.put("format", Map.of("id", identity.format(), "digest", identity.formatDigest()));
    return json;
  }
}
