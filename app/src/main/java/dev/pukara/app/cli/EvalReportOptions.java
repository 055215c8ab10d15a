package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.eval.EvaluationOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where results go and what they tell. */
final class EvalReportOptions {
  @Option(
      names = {"-o", "--report"},
      paramLabel = "DIR",
      description = "Folder for scores, metrics.json, report.html and report.md.")
  private @Nullable Path folder;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "At most N rows of each set, the same ones every time, for a first look.")
  private int limit;

  @Mixin private final EvalThresholdOptions thresholds = new EvalThresholdOptions();

  @Option(names = "--json", description = "Print metrics.json instead of a table.")
  private boolean json;

  EvaluationOptions options() {
    UserException.atLeast(0, limit, "--limit");
    return thresholds.options(folder()).withLimit(limit);
  }

  private Path folder() {
    if (folder == null) {
      throw new UserException("no folder for the results; give --report DIR");
    }
    return folder;
  }

  void print(Console console, String table) throws IOException {
    if (json) {
      console.out().print(Files.readString(folder().resolve("metrics.json")));
    } else {
      console.out().print(table);
      console.out().println("Report: " + folder().resolve("report.html"));
    }
  }
}
