package dev.pukara.guard;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What differs between two policies, as far as it can change a verdict. */
public final class PolicyDiff {
  private PolicyDiff() {}

  /** One line for each difference, {@code -} for the first policy and {@code +} for the second. */
  public static List<String> of(Policy before, Policy after) {
    List<String> lines = new ArrayList<>();
    compare("", settings(before), settings(after), lines);
    for (Category category : before.categories()) {
      Optional<Category> other = after.category(category.code());
      if (other.isEmpty()) {
        lines.add("- " + category.code() + ": " + category.name());
      } else {
        compare(category.code() + ".", fields(category), fields(other.get()), lines);
        compareExamples(category, other.get(), lines);
      }
    }
    for (Category category : after.categories()) {
      if (before.category(category.code()).isEmpty()) {
        lines.add("+ " + category.code() + ": " + category.name());
      }
    }
    List<String> order = order(before, after);
    List<String> newOrder = order(after, before);
    if (!order.equals(newOrder)) {
      lines.add("- order: " + String.join(", ", order));
      lines.add("+ order: " + String.join(", ", newOrder));
    }
    return lines;
  }

  /** Codes that both have, in the first one's order. */
  private static List<String> order(Policy one, Policy other) {
    return one.categories().stream()
        .map(Category::code)
        .filter(code -> other.category(code).isPresent())
        .toList();
  }

  private static void compare(
      String prefix, Map<String, String> before, Map<String, String> after, List<String> lines) {
    Set<String> fields = new LinkedHashSet<>(before.keySet());
    fields.addAll(after.keySet());
    for (String field : fields) {
      Optional<String> value = Optional.ofNullable(before.get(field));
      Optional<String> other = Optional.ofNullable(after.get(field));
      if (!value.equals(other)) {
        value.ifPresent(text -> lines.add("- " + prefix + field + ": " + text));
        other.ifPresent(text -> lines.add("+ " + prefix + field + ": " + text));
      }
    }
  }

  private static Map<String, String> settings(Policy policy) {
    PolicySettings settings = policy.settings();
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("id", policy.id());
    fields.put("version", policy.version());
    fields.put("describe", String.valueOf(policy.describe()));
    fields.put("threshold", text(settings.threshold()));
    fields.put("format", settings.format().orElse("none"));
    fields.put("few_shot_tokens", String.valueOf(settings.fewShotTokens()));
    new TreeMap<>(settings.families())
        .forEach((format, family) -> put(fields, "families." + format + ".", family));
    settings.calibration().ifPresent(calibration -> put(fields, "calibration.", calibration));
    return fields;
  }

  private static void put(Map<String, String> fields, String prefix, FamilyOverride family) {
    family.describe().ifPresent(value -> fields.put(prefix + "describe", String.valueOf(value)));
    if (!family.exclude().isEmpty()) {
      fields.put(prefix + "exclude", String.join(", ", new TreeSet<>(family.exclude())));
    }
    new TreeMap<>(family.names())
        .forEach((code, name) -> fields.put(prefix + "names." + code, name));
  }

  private static void put(Map<String, String> fields, String prefix, PolicyCalibration fitted) {
    fields.put(prefix + "model", fitted.modelDigest());
    fields.put(prefix + "format", fitted.formatDigest());
    fields.put(prefix + "prompt", fitted.promptDigest());
    fields.put(prefix + "temperature", String.valueOf(fitted.temperature()));
    fields.put(prefix + "category_temperature", String.valueOf(fitted.categoryTemperature()));
    fields.put(prefix + "threshold", text(fitted.threshold()));
    new TreeMap<>(fitted.categories())
        .forEach((code, value) -> fields.put(prefix + "categories." + code, value.toString()));
  }

  private static Map<String, String> fields(Category category) {
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("name", category.name());
    fields.put("description", category.description());
    fields.put("should_flag", String.join("; ", category.shouldFlag()));
    fields.put("should_not_flag", String.join("; ", category.shouldNotFlag()));
    fields.put("threshold", text(category.threshold()));
    fields.put("action", category.action().name());
    return fields;
  }

  /** Examples that one of them lacks; their order counts too, for demonstrations. */
  private static void compareExamples(Category before, Category after, List<String> lines) {
    String field = before.code() + ".example: ";
    List<String> one = before.examples().stream().map(PolicyDiff::shown).toList();
    List<String> other = after.examples().stream().map(PolicyDiff::shown).toList();
    List<String> gone = one.stream().filter(text -> !other.contains(text)).toList();
    List<String> come = other.stream().filter(text -> !one.contains(text)).toList();
    gone.forEach(text -> lines.add("- " + field + text));
    come.forEach(text -> lines.add("+ " + field + text));
    if (gone.isEmpty() && come.isEmpty() && !one.equals(other)) {
      lines.add("- " + before.code() + ".examples: " + String.join("; ", one));
      lines.add("+ " + before.code() + ".examples: " + String.join("; ", other));
    }
  }

  private static String shown(Example example) {
    List<String> texts = new ArrayList<>();
    example.conversation().messages().forEach(message -> texts.add(message.text().strip()));
    String codes = example.isSafe() ? "safe" : "unsafe " + example.codes();
    return codes + ": " + String.join(" -> ", texts);
  }

  private static String text(OptionalDouble value) {
    return value.isPresent() ? String.valueOf(value.getAsDouble()) : "none";
  }
}
