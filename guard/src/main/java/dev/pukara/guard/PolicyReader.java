package dev.pukara.guard;

import dev.pukara.guard.YamlNode.Fields;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Stream;

/** A policy from YAML; the fields are in docs/policies.md. */
final class PolicyReader {
  private static final Set<String> FIELDS =
      Set.of(
          "id",
          "version",
          "title",
          "describe",
          "categories",
          "threshold",
          "format",
          "few_shot_tokens",
          "families",
          "calibration");
  private static final Set<String> CATEGORY_FIELDS =
      Set.of(
          "code",
          "name",
          "description",
          "should_flag",
          "should_not_flag",
          "examples",
          "threshold",
          "action");
  private static final Set<String> CALIBRATION_FIELDS =
      Set.of(
          "model",
          "format",
          "prompt",
          "temperature",
          "category_temperature",
          "threshold",
          "categories");

  private PolicyReader() {}

  static Policy read(String yaml, String file) {
    YamlNode root = YamlNode.parse(yaml, file);
    Fields fields = root.fields(FIELDS);
    YamlNode list = fields.required("categories");
    Map<String, Category> categories = new LinkedHashMap<>();
    for (YamlNode entry : list.list()) {
      Category category = category(entry);
      Category other = categories.put(category.code(), category);
      if (other != null) {
        throw entry.problem(
            "code "
                + category.code()
                + " stands for '"
                + other.name()
                + "' and '"
                + category.name()
                + "'; codes must differ");
      }
    }
    if (categories.isEmpty()) {
      throw list.problem("is empty; a policy needs at least one category");
    }
    checkExampleCodes(categories, list);
    return new Policy(
        fields.required("id").text(),
        fields.required("version").text(),
        fields.required("title").text(),
        List.copyOf(categories.values()),
        fields.get("describe").map(YamlNode::bool).orElse(true),
        List.of(),
        settings(fields, categories.keySet()));
  }

  private static PolicySettings settings(Fields fields, Set<String> codes) {
    Map<String, FamilyOverride> families = new HashMap<>();
    fields
        .get("families")
        .ifPresent(
            overrides ->
                overrides
                    .fields(Set.copyOf(PromptFormats.ids()))
                    .byName()
                    .forEach((format, node) -> families.put(format, family(node, codes))));
    fields.get("format").ifPresent(PolicyReader::checkFormat);
    return new PolicySettings(
        fields.probability("threshold"),
        fields.text("format"),
        fields.get("few_shot_tokens").map(PolicyReader::budget).orElse(0),
        families,
        fields.get("calibration").map(node -> calibration(node, codes)));
  }

  private static void checkFormat(YamlNode format) {
    if (!format.text().equals(PromptFormats.TEMPLATE)
        && !PromptFormats.ids().contains(format.text())) {
      throw format.problem(
          "no prompt format '" + format.text() + "'; known are " + PromptFormats.ids());
    }
  }

  private static int budget(YamlNode node) {
    double value = node.number();
    if (value != Math.rint(value) || value < 0 || value > 1_000_000) {
      throw node.problem(node.text() + ", expected a whole number of tokens, 0 or more");
    }
    return (int) value;
  }

  private static Category category(YamlNode entry) {
    Fields fields = entry.fields(CATEGORY_FIELDS);
    String code = fields.required("code").text();
    return new Category(
        code,
        fields.required("name").text(),
        fields.text("description").orElse(""),
        fields.texts("should_flag"),
        fields.texts("should_not_flag"),
        fields.get("examples").map(node -> examples(node, code)).orElse(List.of()),
        fields.probability("threshold"),
        fields.get("action").map(PolicyReader::action).orElse(Action.BLOCK));
  }

  private static Action action(YamlNode node) {
    return switch (node.text().toLowerCase(Locale.ROOT)) {
      case "allow" -> Action.ALLOW;
      case "flag" -> Action.FLAG;
      case "block" -> Action.BLOCK;
      default -> throw node.problem("'" + node.text() + "', expected allow, flag or block");
    };
  }

  private static List<Example> examples(YamlNode node, String code) {
    Fields fields = node.fields(Set.of("unsafe", "safe"));
    List<Example> examples = new ArrayList<>();
    for (YamlNode entry : fields.get("unsafe").map(YamlNode::list).orElse(List.of())) {
      examples.add(example(entry, List.of(code)));
    }
    for (YamlNode entry : fields.get("safe").map(YamlNode::list).orElse(List.of())) {
      examples.add(example(entry, List.of()));
    }
    return examples;
  }

  private static Example example(YamlNode entry, List<String> codes) {
    if (entry.isText()) {
      return new Example(Conversation.user(entry.text()), codes);
    }
    Fields fields = entry.fields(Set.of("user", "agent", "codes"));
    Conversation user = Conversation.user(fields.required("user").text());
    List<String> told = fields.texts("codes");
    if (!told.isEmpty() && codes.isEmpty()) {
      throw entry.problem("a safe example has no codes; move it to 'unsafe'");
    }
    List<String> all =
        told.containsAll(codes) ? told : Stream.concat(codes.stream(), told.stream()).toList();
    return new Example(fields.text("agent").map(user::agent).orElse(user), all);
  }

  private static void checkExampleCodes(Map<String, Category> categories, YamlNode list) {
    for (Category category : categories.values()) {
      for (Example example : category.examples()) {
        for (String code : example.codes()) {
          checkCode(code, categories.keySet(), list);
        }
      }
    }
  }

  private static void checkCode(String code, Set<String> codes, YamlNode where) {
    if (!codes.contains(code)) {
      throw where.problem("no category has the code '" + code + "'; there are " + codes);
    }
  }

  private static FamilyOverride family(YamlNode node, Set<String> codes) {
    Fields fields = node.fields(Set.of("describe", "exclude", "names"));
    Map<String, String> names = new HashMap<>();
    fields
        .get("names")
        .ifPresent(
            renamed ->
                renamed
                    .fields(codes)
                    .byName()
                    .forEach((code, name) -> names.put(code, name.text())));
    List<String> exclude = fields.texts("exclude");
    exclude.forEach(code -> checkCode(code, codes, node));
    return new FamilyOverride(
        fields.get("describe").map(YamlNode::bool), Set.copyOf(exclude), names);
  }

  private static PolicyCalibration calibration(YamlNode node, Set<String> codes) {
    Fields fields = node.fields(CALIBRATION_FIELDS);
    Map<String, Double> thresholds = new HashMap<>();
    fields
        .get("categories")
        .ifPresent(
            list ->
                list.fields(codes)
                    .byName()
                    .forEach((code, value) -> thresholds.put(code, value.probability())));
    OptionalDouble threshold = fields.probability("threshold");
    return new PolicyCalibration(
        fields.required("model").text(),
        fields.required("format").text(),
        fields.required("prompt").text(),
        temperature(fields.required("temperature")),
        temperature(fields.required("category_temperature")),
        threshold,
        thresholds);
  }

  private static double temperature(YamlNode node) {
    double value = node.number();
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw node.problem(node.text() + ", expected more than 0");
    }
    return value;
  }
}
