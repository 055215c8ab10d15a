package dev.pukara.app.cli;

import dev.pukara.eval.EvaluationOptions;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is computed from scores, with or without the model at hand. */
final class EvalThresholdOptions {
  @Option(
      names = "--at",
      paramLabel = "P",
      description = "Also report precision, recall, F1 and FPR at this threshold.")
  private @Nullable Double at;

  @Option(
      names = "--validation",
      paramLabel = "NAME",
      description = "Also report them at the threshold that is best (F1) on this set.")
  private @Nullable String validation;

  @Option(
      names = "--no-texts",
      description = "Leave the texts of the worst errors out of report.html.")
  private boolean noTexts;

  EvaluationOptions options(Path folder) {
    return new EvaluationOptions(
        folder,
        0,
        at == null ? OptionalDouble.empty() : OptionalDouble.of(at),
        Optional.ofNullable(validation),
        !noTexts,
        SourceCommit.id());
  }
}
