package dev.pukara.guard;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * A taxonomy of risks: what stands in the prompt, and the only thing by which a guard judges.
 *
 * @param id name of the policy: {@code llama-guard-3}
 * @param version version of its text
 * @param title for people
 * @param categories in the order of the prompt, codes unique
 * @param describe true if descriptions stand in the prompt, not names alone
 * @param demonstrations examples that stand in the prompt with their answers, in this order
 * @param settings what is not text of the prompt
 */
public record Policy(
    String id,
    String version,
    String title,
    List<Category> categories,
    boolean describe,
    List<Example> demonstrations,
    PolicySettings settings) {
  /** Checks that there are categories and that no code occurs twice. */
  public Policy {
    categories = List.copyOf(categories);
    demonstrations = List.copyOf(demonstrations);
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

  /** A policy of categories alone. */
  public Policy(
      String id, String version, String title, List<Category> categories, boolean describe) {
    this(id, version, title, categories, describe, List.of(), PolicySettings.NONE);
  }

  /** The category with this code. */
  public Optional<Category> category(String code) {
    return categories.stream().filter(category -> category.code().equals(code)).findFirst();
  }

  /** The same with only the given codes, in the policy's order. */
  public Policy only(Set<String> codes) {
    return keeping(category -> codes.contains(category.code()));
  }

  /** The same without the given codes. */
  public Policy without(Set<String> codes) {
    return keeping(category -> !codes.contains(category.code()));
  }

  private Policy keeping(Predicate<Category> wanted) {
    List<Category> left = categories.stream().filter(wanted).toList();
    List<String> codes = left.stream().map(Category::code).toList();
    List<Category> kept = left.stream().map(category -> category.withExamplesOf(codes)).toList();
    List<Example> shown = demonstrations.stream().map(example -> example.only(codes)).toList();
    return new Policy(id, version, title, kept, describe, shown, settings);
  }

  /** As it differs under a prompt format of this name: see {@link FamilyOverride}. */
  public Policy underFormat(String format) {
    FamilyOverride override = settings.families().get(format);
    return override == null ? this : override.apply(this);
  }

  /** The same with other categories. */
  public Policy withCategories(List<Category> value) {
    return new Policy(id, version, title, value, describe, demonstrations, settings);
  }

  /** The same with descriptions in the prompt, or without. */
  public Policy withDescribe(boolean value) {
    return new Policy(id, version, title, categories, value, demonstrations, settings);
  }

  /** The same with these demonstrations in the prompt. */
  public Policy withDemonstrations(List<Example> value) {
    return new Policy(id, version, title, categories, describe, value, settings);
  }

  /** The same with other settings. */
  public Policy withSettings(PolicySettings value) {
    return new Policy(id, version, title, categories, describe, demonstrations, value);
  }

  /** SHA-256 of the canonical JSON of everything that can change a verdict. */
  public String digest() {
    Map<String, Object> all = new LinkedHashMap<>(settings.canonical());
    all.put("prompt", promptDigest());
    all.put("id", id);
    all.put("version", version);
    Map<String, Object> rules = new LinkedHashMap<>();
    for (Category category : categories) {
      List<Object> rule = new ArrayList<>();
      rule.add(category.action().name());
      category.threshold().ifPresent(rule::add);
      rules.put(category.code(), rule);
    }
    all.put("rules", rules);
    return Digests.of(all);
  }

  /** SHA-256 of the canonical JSON of what stands in the prompt. */
  public String promptDigest() {
    List<Object> list = new ArrayList<>();
    for (Category c : categories) {
      list.add(
          Map.of(
              "code", c.code(),
              "name", c.name(),
              "description", c.description(),
              "shouldFlag", c.shouldFlag(),
              "shouldNotFlag", c.shouldNotFlag()));
    }
    List<Object> shown = new ArrayList<>();
    for (Example example : demonstrations) {
      List<List<String>> turns =
          example.conversation().messages().stream()
              .map(message -> List.of(message.role().label(), message.text()))
              .toList();
      shown.add(Map.of("turns", turns, "codes", example.codes()));
    }
    return Digests.of(Map.of("categories", list, "describe", describe, "demonstrations", shown));
  }
}
