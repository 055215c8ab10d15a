package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.eval.Adaptation;
import dev.pukara.eval.Contender;
import dev.pukara.eval.Evaluation;
import dev.pukara.eval.data.DataSet;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pukara eval}: measures guards on labelled data. */
@Command(
    name = "eval",
    description = {
      "Measures guards on labelled data and writes scores, metrics and a report.",
      "A run that was stopped goes on where it was when the same command is given again."
    },
    mixinStandardHelpOptions = true,
    subcommands = {
      EvalScoreCommand.class,
      EvalCompareCommand.class,
      EvalPaperCommand.class,
      EvalReadersCommand.class
    },
    footer = {
      "",
      "Examples:",
      "  pukara eval --data toxicchat=toxic-chat_annotation_test.csv --report out",
      "  pukara eval --data a=a.jsonl --data b=b.jsonl --categories always --report out",
      "  pukara eval --data mine:csv=t.csv --columns prompt=text,prompt_label=bad \\",
      "    --report out",
      "  pukara eval --model a.gguf --model b.gguf --data a=a.jsonl --report out"
    })
final class EvalCommand implements Callable<Integer> {
  @Mixin private final EvalOptions options = new EvalOptions();
  @Mixin private final EvalReportOptions report = new EvalReportOptions();

  @Option(
      names = "--adapt",
      split = ",",
      paramLabel = "HOW",
      description =
          "How the guard meets a benchmark's own policy: ${COMPLETION-CANDIDATES}"
              + " (several: side by side); default: no-adaptation.")
  private List<Adaptation> adaptations = List.of(Adaptation.NONE);

  private final Console console;

  EvalCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    List<DataSet> sets = options.sets();
    List<Contender> contenders = options.contenders(adaptations);
    String table =
        Evaluation.run(report.options(), contenders, sets, new ProgressBar(console.err()));
    report.print(console, table);
    return 0;
  }
}
