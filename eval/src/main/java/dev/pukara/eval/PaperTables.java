package dev.pukara.eval;

import dev.pukara.eval.data.DataSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The experiments of the Llama Guard paper (arXiv 2312.06674), measured and published. */
public final class PaperTables {
  private static final String OPENAI = "openai-moderation";

  private PaperTables() {}

  /**
   * Which adaptations a table compares: the public sets of table 2 are judged with their own policy
   * in the prompt, table 4 compares all three.
   *
   * @throws EvaluationException if there is no such table, or it needs another set
   */
  public static List<Adaptation> adaptations(int table, List<DataSet> sets) {
    boolean hasOpenAi = sets.stream().anyMatch(set -> set.reader().equals(OPENAI));
    return switch (table) {
      case 2 -> List.of(Adaptation.ZERO_SHOT);
      case 4 -> {
        if (!hasOpenAi) {
          throw new EvaluationException(
              "table 4 is about the OpenAI moderation set; give --data openai=samples-1680.jsonl.gz");
        }
        yield List.of(Adaptation.values());
      }
      default ->
          throw new EvaluationException(
              "table " + table + ": expected 2 (overall) or 4 (adaptation)");
    };
  }

  /** The table as text: what was measured, then what was published. */
  public static String text(Path folder) throws IOException {
    StringBuilder text = new StringBuilder();
    text.append(String.format(Locale.ROOT, "%-20s %-38s %s%n", "set", "guard", "AUPRC"));
    EvaluationOptions options = EvaluationOptions.into(folder);
    for (Path run : RunFile.folders(folder)) {
      RunResult result = RunResult.read(run, options);
      for (SetResult set : result.sets()) {
        List<?> interval = (List<?>) set.metrics().getOrDefault("auprcCi", List.of());
        text.append(
            String.format(
                Locale.ROOT,
                "%-20s %-38s %s (%s-%s)%n",
                set.name(),
                result.label(),
                Summary.figure(set.metrics().get("auprc")),
                Summary.figure(interval.getFirst()),
                Summary.figure(interval.getLast())));
      }
    }
    text.append(String.format("%nPublished:%n"));
    Published.all().stream()
        .filter(figure -> figure.source().contains("2312.06674"))
        .forEach(
            figure ->
                text.append(
                    String.format(
                        Locale.ROOT,
                        "%-20s %-38s %.3f  %s%n",
                        figure.reader(),
                        figure.guard(),
                        figure.value(),
                        figure.source())));
    return text.toString();
  }
}
