package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.guard.CategoryMode;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.DefenceOptions;
import dev.pukara.guard.Guard;
import dev.pukara.guard.GuardOptions;
import dev.pukara.guard.PromptFormat;
import dev.pukara.guard.PromptFormats;
import dev.pukara.guard.Role;
import dev.pukara.guard.Verdict;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import dev.pukara.rows.Row;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;

/** {@code pukara model compare}: what each precision costs in accuracy. */
@Command(
    name = "compare",
    description = {
      "Scores the same rows in every precision of this machine and compares the scores with f32's.",
      "Rows are JSON Lines (see docs/data-format.md), spread evenly over the files; the prompt is"
          + " judged if it is labelled, else the last message."
    },
    mixinStandardHelpOptions = true,
    footer = {"", "Example:", "  pukara model compare MODEL.gguf --data rows.jsonl --rows 2000"})
final class ModelCompareCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "GGUF file or folder with safetensors.")
  private Path file;

  @Option(
      names = "--data",
      required = true,
      arity = "1..*",
      paramLabel = "ROWS.jsonl",
      description = "Files of rows.")
  private List<Path> data = List.of();

  @Option(
      names = "--rows",
      paramLabel = "N",
      description = "Rows in all; default: ${DEFAULT-VALUE}.")
  private int rows = 2000;

  @Option(
      names = "--format",
      paramLabel = "NAME",
      description = "Prompt format; by default as the model file says.")
  private @Nullable String format;

  @Option(
      names = "--precisions",
      split = ",",
      paramLabel = "P",
      description = "${COMPLETION-CANDIDATES}; by default all that this machine has.")
  private List<Precision> precisions = List.of();

  @Option(names = "--json", description = "Print one JSON object per precision.")
  private boolean json;

  private final Console console;

  ModelCompareCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    List<Row> picked = SpreadRows.pick(data, rows, "--rows");
    PromptFormat chosen = format == null ? Guard.formatOf(file) : PromptFormats.find(format);
    double[] reference = scores(picked, chosen, Precision.F32);
    for (Precision precision : wanted()) {
      double[] scores = precision == Precision.F32 ? reference : scores(picked, chosen, precision);
      print(precision, ScoreDifference.of(picked, reference, scores));
    }
    return 0;
  }

  private List<Precision> wanted() {
    if (!precisions.isEmpty()) {
      return precisions;
    }
    try (Kernels kernels = Kernels.best()) {
      return kernels.precisions();
    }
  }

  private double[] scores(List<Row> picked, PromptFormat chosen, Precision precision)
      throws IOException {
    GuardOptions options =
        GuardOptions.of(file)
            .withFormat(chosen)
            .withPrecision(precision)
            .withCategories(CategoryMode.NEVER)
            .withDefences(DefenceOptions.NONE);
    List<Conversation> judged = picked.stream().map(ModelCompareCommand::judged).toList();
    long start = System.nanoTime();
    try (Guard guard = Guard.open(options)) {
      List<Verdict> verdicts = new ArrayList<>();
      int batch = 256;
      for (int i = 0; i < judged.size(); i += batch) {
        verdicts.addAll(guard.checkAll(judged.subList(i, Math.min(i + batch, judged.size()))));
      }
      console
          .err()
          .println(
              String.format(
                  Locale.ROOT,
                  "%s: %d rows in %.1f s",
                  precision.id(),
                  judged.size(),
                  (System.nanoTime() - start) / 1e9));
      return verdicts.stream().mapToDouble(Verdict::score).toArray();
    }
  }

  private static Conversation judged(Row row) {
    int last = row.conversation().messages().size() - 1;
    boolean answered = row.conversation().last().role() == Role.AGENT;
    return row.promptLabel().isPresent() && answered && last > 0
        ? row.conversation().upTo(last - 1)
        : row.conversation();
  }

  private void print(Precision precision, ScoreDifference difference) {
    if (json) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("precision", precision.id());
      fields.putAll(difference.fields());
      console.out().println(new JsonMapper().writeValueAsString(fields));
      return;
    }
    console.out().println(difference.line(precision.id()));
  }
}
