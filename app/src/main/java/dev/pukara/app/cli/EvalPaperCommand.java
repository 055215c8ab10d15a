package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.eval.Evaluation;
import dev.pukara.eval.EvaluationOptions;
import dev.pukara.eval.PaperTables;
import dev.pukara.eval.data.DataSet;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pukara eval paper}: the experiments of the Llama Guard paper. */
@Command(
    name = "paper",
    description = {
      "Repeats a table of the Llama Guard paper (arXiv 2312.06674) and prints it beside the published",
      "figures. 2: overall, each benchmark's policy in the prompt. 4: no adaptation, zero-shot, few-shot."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  pukara eval paper --table 2 --data openai=samples-1680.jsonl.gz \\",
      "    --data toxicchat=toxic-chat_annotation_test.csv --report table2",
      "  pukara eval paper --table 4 --data openai=samples-1680.jsonl.gz \\",
      "    --report table4"
    })
final class EvalPaperCommand implements Callable<Integer> {
  @Option(names = "--table", required = true, paramLabel = "2|4", description = "Which table.")
  private int table;

  @Mixin private final EvalOptions options = new EvalOptions();
  @Mixin private final EvalReportOptions report = new EvalReportOptions();
  private final Console console;

  EvalPaperCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    List<DataSet> sets = options.sets();
    EvaluationOptions evaluation = report.options();
    Evaluation.run(
        evaluation,
        options.contenders(PaperTables.adaptations(table, sets)),
        sets,
        new ProgressBar(console.err()));
    report.print(console, PaperTables.text(evaluation.folder()));
    return 0;
  }
}
