package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.eval.Report;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code pukara eval score}: metrics and report again, from the scores on disk. */
@Command(
    name = "score",
    description = "Computes metrics and report again from a folder's scores, without the model.",
    mixinStandardHelpOptions = true)
final class EvalScoreCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DIR", description = "A folder that eval --report made.")
  private Path folder = Path.of(".");

  @Mixin private final EvalThresholdOptions thresholds = new EvalThresholdOptions();
  private final Console console;

  EvalScoreCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    console.out().print(Report.write(thresholds.options(folder), Report.sets(folder)));
    console.out().println("Report: " + folder.resolve("report.html"));
    return 0;
  }
}
