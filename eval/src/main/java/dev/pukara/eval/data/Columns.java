package dev.pukara.eval.data;

import static dev.pukara.eval.data.ModerationReaders.id;
import static dev.pukara.eval.data.ModerationReaders.judged;

import dev.pukara.rows.Codes;
import dev.pukara.rows.Label;
import dev.pukara.rows.Row;
import dev.pukara.rows.RowException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Which column of a table is which field of a row: {@code prompt=text,prompt_label=toxic}. A label
 * column may name the values that are unsafe: {@code prompt_label=class:hate|offensive}; all others
 * are safe then. A field that is not mapped is looked for under its own name.
 *
 * @param columns field to column
 * @param unsafe field to values
 */
public record Columns(Map<String, String> columns, Map<String, Set<String>> unsafe) {
  /** Every column bears its field's name. */
  public static final Columns OWN_NAMES = new Columns(Map.of(), Map.of());

  private static final List<String> FIELDS =
      List.of("id", "prompt", "response", "prompt_label", "response_label", "categories");

  /** Copies the maps. */
  public Columns {
    columns = Map.copyOf(columns);
    unsafe = Map.copyOf(unsafe);
  }

  /**
   * Reads {@code FIELD=COLUMN[:VALUE|VALUE...],...}.
   *
   * @throws RowException if there is no such field
   */
  public static Columns parse(String text) {
    Map<String, String> columns = new LinkedHashMap<>();
    Map<String, Set<String>> unsafe = new LinkedHashMap<>();
    for (String part : text.split(",", -1)) {
      String[] sides = part.strip().split("=", 2);
      if (sides.length != 2 || !FIELDS.contains(sides[0])) {
        throw new RowException(
            "--columns '" + part + "': expected FIELD=COLUMN with a FIELD of " + FIELDS);
      }
      String[] column = sides[1].split(":", 2);
      columns.put(sides[0], column[0]);
      if (column.length == 2) {
        unsafe.put(sides[0], Set.of(column[1].split("\\|", -1)));
      }
    }
    return new Columns(columns, unsafe);
  }

  /** As {@link #parse} reads it, in the order of the names: the same mapping is the same text. */
  @Override
  public String toString() {
    return columns.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(entry -> entry.getKey() + "=" + entry.getValue() + values(entry.getKey()))
        .collect(Collectors.joining(","));
  }

  private String values(String field) {
    Set<String> values = unsafe.get(field);
    return values == null ? "" : ":" + String.join("|", new TreeSet<>(values));
  }

  DataReader reader() {
    return new DataReader(
        "csv",
        "Any table",
        "CSV, tab-separated or JSON; columns by --columns",
        FIELDS,
        names -> false,
        Optional.empty(),
        (record, file) -> rows(record));
  }

  private List<Row> rows(Fields record) {
    Optional<String> prompt = record.text(column("prompt"));
    Optional<String> response = record.text(column("response"));
    if (prompt.isEmpty() && response.isEmpty()) {
      throw record.bad(
          column("prompt"), "missing or empty", "text (columns are " + record.names() + ")");
    }
    List<Row> rows =
        judged(
            record.text(column("id")).orElse(id("csv", record)),
            "csv",
            prompt.orElse(""),
            response,
            label(record, "prompt_label"),
            label(record, "response_label"),
            Map.of());
    List<String> categories = record.list(column("categories"));
    return rows.stream().map(row -> row.withCodes(new Codes(Map.of(), categories))).toList();
  }

  private Optional<Label> label(Fields record, String field) {
    Set<String> values = unsafe.get(field);
    return values == null
        ? record.label(column(field))
        : record.text(column(field)).map(value -> Fields.label(values.contains(value.strip())));
  }

  private String column(String field) {
    return columns.getOrDefault(field, field);
  }
}
