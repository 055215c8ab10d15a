package dev.pukara.eval;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What an evaluation does besides judging.
 *
 * @param folder for results
 * @param limit most rows of each set, the same ones every time; 0 = all
 * @param threshold one more threshold to report
 * @param validation the set whose best threshold (by F1) is applied to all sets
 * @param texts true if the report shows the texts of the worst errors
 * @param commit of the program
 */
public record EvaluationOptions(
    Path folder,
    int limit,
    OptionalDouble threshold,
    Optional<String> validation,
    boolean texts,
    String commit) {
  /** All rows, texts in the report. */
  public static EvaluationOptions into(Path folder) {
    return new EvaluationOptions(
        folder, 0, OptionalDouble.empty(), Optional.empty(), true, "unknown");
  }

  /** With at most so many rows of each set. */
  public EvaluationOptions withLimit(int value) {
    return new EvaluationOptions(folder, value, threshold, validation, texts, commit);
  }
}
