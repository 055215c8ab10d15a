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
    List<String> lines = new ArrayList<>();
    boolean inside = false;
    for (String line : yaml.stripTrailing().lines().toList()) {
      inside = line.startsWith(BLOCK) || (inside && (line.isBlank() || isIndentedOrComment(line)));
      if (!inside) {
        lines.add(line);
      }
    }
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

  private static boolean isIndentedOrComment(String line) {
    return line.startsWith(" ") || line.startsWith("\t") || line.startsWith("#");
  }
}
