package dev.pukara.eval.data;

import dev.pukara.rows.Label;
import dev.pukara.rows.RowException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * One record of a file: a JSON object, or a line of a table whose cells are text.
 *
 * @param json an object
 * @param where file and position, for errors
 * @param index from 0
 */
record Fields(JsonNode json, String where, int index) {
  private static final Set<String> YES =
      Set.of("1", "1.0", "true", "yes", "unsafe", "harmful", "toxic", "hateful");
  private static final Set<String> NO =
      Set.of(
          "0",
          "0.0",
          "false",
          "no",
          "safe",
          "unharmful",
          "non-toxic",
          "non-hateful",
          "benign",
          "harmless");

  boolean has(String field) {
    return json.hasNonNull(field) && !json.get(field).asString("x").isEmpty();
  }

  Set<String> names() {
    return new TreeSet<>(json.propertyNames());
  }

  /** Text of a field; empty if it is missing, null or empty. */
  Optional<String> text(String field) {
    return has(field) ? Optional.of(json.get(field).asString("")) : Optional.empty();
  }

  String required(String field) {
    return text(field).orElseThrow(() -> bad(field, "missing or empty", "text"));
  }

  /** Yes or no that must be there. */
  boolean requiredFlag(String field) {
    return flag(field).orElseThrow(() -> bad(field, "missing", "true or false"));
  }

  /** Yes or no in any of the usual spellings; empty if the field is missing, null or empty. */
  Optional<Boolean> flag(String field) {
    return text(field)
        .map(
            value -> {
              String word = value.toLowerCase(Locale.ROOT).strip();
              if (YES.contains(word)) {
                return true;
              }
              if (NO.contains(word)) {
                return false;
              }
              throw bad(
                  field,
                  "'" + value + "'",
                  "one of " + new TreeSet<>(YES) + " or " + new TreeSet<>(NO));
            });
  }

  /** A label; yes = unsafe. */
  Optional<Label> label(String field) {
    return flag(field).map(Fields::label);
  }

  static Label label(boolean unsafe) {
    return unsafe ? Label.UNSAFE : Label.SAFE;
  }

  /** Entries of a list, or of text with commas. */
  List<String> list(String field) {
    JsonNode value = json.get(field);
    List<String> entries = new ArrayList<>();
    if (value != null && value.isArray()) {
      value.forEach(entry -> entries.add(entry.asString("")));
    } else {
      text(field).ifPresent(text -> entries.addAll(List.of(text.split(",", -1))));
    }
    return entries.stream().map(String::strip).filter(entry -> !entry.isEmpty()).toList();
  }

  RowException bad(String field, String actual, String expected) {
    return new RowException(
        where
            + ": field '"
            + field
            + "' is "
            + actual
            + ", expected "
            + expected
            + "; is this the official file? Another reader may fit (NAME:reader=PATH)");
  }
}
