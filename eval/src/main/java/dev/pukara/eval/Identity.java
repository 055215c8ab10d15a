package dev.pukara.eval;

import dev.pukara.guard.Category;
import dev.pukara.guard.Policy;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What made a run's scores. Two runs of the same identity on the same data give the same scores.
 *
 * @param model name of the model, for people
 * @param modelDigest SHA-256 of its file; the name again if there is no file
 * @param policy id of the policy
 * @param policyDigest SHA-256 of its canonical JSON
 * @param format name of the prompt format
 * @param formatDigest SHA-256 of its canonical JSON
 * @param settings everything else that can change a score or a verdict
 * @param categories code to name, in the policy's order
 */
public record Identity(
    String model,
    String modelDigest,
    String policy,
    String policyDigest,
    String format,
    String formatDigest,
    String settings,
    Map<String, String> categories) {
  static Map<String, String> names(Policy policy) {
    Map<String, String> names = new LinkedHashMap<>();
    for (Category category : policy.categories()) {
      names.put(category.code(), category.name());
    }
    return names;
  }
}
