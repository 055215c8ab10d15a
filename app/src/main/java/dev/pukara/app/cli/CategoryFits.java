package dev.pukara.app.cli;

import dev.pukara.eval.ScoreFit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Fits of the categories' scores.
 *
 * @param temperature one for all categories
 * @param fits by code; only those with enough rows
 * @param skipped codes with too few
 */
record CategoryFits(double temperature, Map<String, ScoreFit> fits, List<String> skipped) {
  List<String> report() {
    List<String> lines = new ArrayList<>();
    lines.add(String.format(Locale.ROOT, "categories: temperature %.4g", temperature));
    fits.forEach(
        (code, fit) ->
            lines.add(
                String.format(
                    Locale.ROOT,
                    "%s: %d rows, threshold %.4f: false positives %.4f, recall %.4f",
                    code,
                    fit.unsafe(),
                    fit.threshold(),
                    fit.falsePositiveRate(),
                    fit.recall())));
    if (!skipped.isEmpty()) {
      lines.add("too few rows for a threshold of their own: " + String.join(", ", skipped));
    }
    return lines;
  }
}
