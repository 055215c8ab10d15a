package dev.pukara.guard;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A taxonomy of risks: what stands in the prompt, and the only thing by which a guard judges.
 *
 * @param id name of the policy: {@code llama-guard-3}
 * @param version version of its text
 * @param title for people
 * @param categories in the order of the prompt, codes unique
 * @param describe true if descriptions stand in the prompt, not names alone
 */
public record Policy(
    String id, String version, String title, List<Category> categories, boolean describe) {
  /** Checks that there are categories and that no code occurs twice. */
  public Policy {
    categories = List.copyOf(categories);
    if (categories.isEmpty()) {
      throw new IllegalArgumentException(
          "policy " + id + " has no categories; it needs at least one");
    }
    Map<String, Category> byCode = new LinkedHashMap<>();
    for (Category category : categories) {
      Category other = byCode.put(category.code(), category);
      if (other != null) {
        throw new IllegalArgumentException(
            "policy "
                + id
                + ": code "
                + category.code()
                + " stands for '"
                + other.name()
                + "' and '"
                + category.name()
                + "'; codes must differ");
      }
    }
  }

  /** The same with only the given codes, in the policy's order. */
  public Policy only(Set<String> codes) {
    List<Category> kept = new ArrayList<>();
    for (Category category : categories) {
      if (codes.contains(category.code())) {
        kept.add(category);
      }
    }
    return new Policy(id, version, title, kept, describe);
  }

  /** The same without the given codes. */
  public Policy without(Set<String> codes) {
    List<Category> kept = new ArrayList<>(categories);
    kept.removeIf(category -> codes.contains(category.code()));
    return new Policy(id, version, title, kept, describe);
  }

  /** SHA-256 of the canonical JSON of everything that can change a verdict. */
  public String digest() {
    List<Object> list = new ArrayList<>();
    for (Category c : categories) {
      list.add(Map.of("code", c.code(), "name", c.name(), "description", c.description()));
    }
    return Digests.of(
        Map.of("id", id, "version", version, "categories", list, "describe", describe));
  }
}
