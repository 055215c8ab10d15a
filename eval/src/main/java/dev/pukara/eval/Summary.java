package dev.pukara.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The main figures as a table for a terminal of 80 columns. */
final class Summary {
  private Summary() {}

  static String of(List<RunResult> runs) {
    StringBuilder text = new StringBuilder();
    for (RunResult run : runs) {
      text.append(run.label()).append('\n');
      text.append(line("set", "messages", "unsafe", "AUPRC", "AUROC", "F1", "FPR"));
      for (SetResult set : run.sets()) {
        Map<String, Object> m = set.metrics();
        text.append(
            line(
                set.name() + (set.isComplete() ? "" : " *"),
                String.valueOf(m.get("predictions")),
                String.valueOf(m.get("unsafe")),
                figure(m.get("auprc")),
                figure(m.get("auroc")),
                figure(m.get("f1")),
                figure(m.get("fpr"))));
      }
      run.sets().forEach(set -> text.append(set.unreadable()));
      boolean sampled = run.sets().stream().anyMatch(set -> !set.isComplete());
      text.append(sampled ? "* a sample of its messages\n\n" : "\n");
    }
    return text.toString();
  }

  private static String line(String set, String... cells) {
    List<String> padded = new ArrayList<>();
    for (String cell : cells) {
      padded.add(String.format(Locale.ROOT, "%8s", cell));
    }
    String name = set.length() > 26 ? set.substring(0, 25) + "~" : set;
    return String.format(Locale.ROOT, "%-26s%s%n", name, String.join("", padded));
  }

  /** Three digits, or a dash where a figure is undefined. */
  static String figure(@Nullable Object value) {
    return value instanceof Number number
        ? String.format(Locale.ROOT, "%.3f", number.doubleValue())
        : "-";
  }
}
