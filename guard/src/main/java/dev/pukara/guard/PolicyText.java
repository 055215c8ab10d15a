package dev.pukara.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Changes a policy's YAML without touching the author's layout and comments. */
final class PolicyText {
  private static final String BLOCK = "calibration:";

  private PolicyText() {}

  /**
   * The text with this calibration in place of one that may be there.
   *
   * @param notes for people, as comments in the block
   */
  static String calibrated(String yaml, PolicyCalibration calibration, List<String> notes) {
    List<String> lines = withoutBlock(yaml.stripTrailing().lines().toList());
    lines.add(BLOCK);
    notes.forEach(note -> lines.add("  # " + note));
    lines.add("  model: " + calibration.modelDigest());
    lines.add("  format: " + calibration.formatDigest());
    lines.add("  prompt: " + calibration.promptDigest());
    lines.add("  temperature: " + calibration.temperature());
    lines.add("  category_temperature: " + calibration.categoryTemperature());
    calibration.threshold().ifPresent(value -> lines.add("  threshold: " + value));
    Map<String, Double> categories = new TreeMap<>(calibration.categories());
    if (!categories.isEmpty()) {
      lines.add("  categories:");
      categories.forEach((code, value) -> lines.add("    \"" + code + "\": " + value));
    }
    String text = String.join("\n", lines) + "\n";
    // A policy written as one line {...} takes no block behind it.
    PolicyReader.read(text, "the policy with its calibration");
    return text;
  }

  /** The block ends with its last indented line: what the author wrote behind it stays. */
  private static List<String> withoutBlock(List<String> lines) {
    List<String> kept = new ArrayList<>();
    List<String> behind = new ArrayList<>(); // blank lines and comments since the last value
    boolean inside = false;
    for (String line : lines) {
      boolean value = line.startsWith(BLOCK) || (inside && isIndented(line));
      inside = value || (inside && (line.isBlank() || line.startsWith("#")));
      if (value) {
        behind.clear();
      } else if (inside) {
        behind.add(line);
      } else {
        kept.addAll(behind);
        behind.clear();
        kept.add(line);
      }
    }
    kept.addAll(behind);
    return kept;
  }

  private static boolean isIndented(String line) {
    return !line.isBlank() && Character.isWhitespace(line.charAt(0));
  }
}
