package dev.pukara.eval;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The report as Markdown: tables only. */
final class MarkdownReport {
  private MarkdownReport() {}

  static String of(List<RunResult> runs, String commit) {
    StringBuilder text = new StringBuilder("# Evaluation\n\nCommit ").append(commit).append(".\n");
    for (RunResult run : runs) {
      Identity identity = run.sets().getFirst().run().identity();
      text.append(
          String.format(
              "%n## %s%n%nModel %s (%s), policy %s, format %s.%n%n",
              run.label(),
              identity.model(),
              shorter(identity.modelDigest()),
              identity.policy(),
              identity.format()));
      text.append(
          "| set | messages | unsafe | AUPRC (95 %) | AUROC | F1 | precision | recall | FPR | TPR at 1 % FPR | ECE | Brier |\n");
      text.append("|---|---|---|---|---|---|---|---|---|---|---|---|\n");
      for (SetResult set : run.sets()) {
        text.append(line(set));
      }
      for (SetResult set : run.sets()) {
        String unreadable = set.unreadable();
        text.append(unreadable.isEmpty() ? "" : "\n" + unreadable);
      }
    }
    published(text, runs);
    text.append(
        "\nPrecision, recall, F1 and FPR are those of the guard's own verdicts. Intervals: bootstrap, 1,000 resamples.\n");
    return text.toString();
  }

  private static String line(SetResult set) {
    Map<String, Object> m = set.metrics();
    List<?> interval = (List<?>) m.getOrDefault("auprcCi", List.of());
    return String.format(
        "| %s%s | %s | %s | %s (%s-%s) | %s | %s | %s | %s | %s | %s | %s | %s |%n",
        set.name(),
        set.isComplete() ? "" : " (sample)",
        m.get("predictions"),
        m.get("unsafe"),
        Summary.figure(m.get("auprc")),
        Summary.figure(interval.getFirst()),
        Summary.figure(interval.getLast()),
        Summary.figure(m.get("auroc")),
        Summary.figure(m.get("f1")),
        Summary.figure(m.get("precision")),
        Summary.figure(m.get("recall")),
        Summary.figure(m.get("fpr")),
        Summary.figure(m.get("tprAtFpr1")),
        Summary.figure(m.get("ece")),
        Summary.figure(m.get("brier")));
  }

  private static void published(StringBuilder text, List<RunResult> runs) {
    Set<String> readers = new LinkedHashSet<>();
    runs.forEach(run -> run.sets().forEach(set -> readers.add(set.run().reader())));
    List<Published> figures = readers.stream().flatMap(r -> Published.of(r).stream()).toList();
    if (figures.isEmpty()) {
      return;
    }
    text.append(
        "\n## Published figures\n\n| set | guard | metric | value | source |\n|---|---|---|---|---|\n");
    for (Published figure : figures) {
      text.append(
          String.format(
              "| %s | %s | %s | %s | %s |%n",
              figure.reader(),
              figure.guard(),
              figure.metric().toUpperCase(Locale.ROOT),
              Summary.figure(figure.value()),
              figure.source()));
    }
  }

  private static String shorter(String digest) {
    return digest.length() == 64 ? digest.substring(0, 12) : digest;
  }
}
