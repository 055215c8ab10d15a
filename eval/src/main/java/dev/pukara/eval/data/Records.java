package dev.pukara.eval.data;

import dev.pukara.rows.JsonText;
import dev.pukara.rows.RowException;
import dev.pukara.rows.TextFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.csv.CsvMapper;
import tools.jackson.dataformat.csv.CsvSchema;

/**
 * Records of a file: JSON Lines, a JSON array of objects, a JSON object of such arrays (HarmBench),
 * CSV or tab-separated values with a header; plain or gzip.
 */
final class Records {
  private static final JsonMapper JSON = new JsonMapper();
  private static final CsvMapper CSV = new CsvMapper();
  private static final int HEAD_MAX = 1 << 16;

  private Records() {}

  static List<Fields> read(Path file) throws IOException {
    try (BufferedReader text = TextFile.open(file)) {
      return read(file, text);
    }
  }

  private static List<Fields> read(Path file, BufferedReader text) {
    try {
      String head = head(text);
      String start = head.stripLeading();
      if (start.isEmpty()) {
        throw new RowException(file + ": empty, expected records; check the path");
      }
      return start.charAt(0) == '{' || start.charAt(0) == '['
          ? json(file, text)
          : table(file, text, head);
    } catch (IOException e) {
      throw unreadable(file, e);
    } catch (JacksonIOException e) {
      throw unreadable(file, Objects.requireNonNull(e.getCause()));
    } catch (JacksonException e) {
      String problem =
          JsonText.problem(e, at -> "cannot be read as JSON or CSV at line " + at.getLineNr());
      throw new RowException(
          file + ": " + problem + "; expected JSON Lines, a JSON array, or CSV with a header", e);
    }
  }

  private static RuntimeException unreadable(Path file, IOException e) {
    return e instanceof CharacterCodingException
        ? new RowException(file + ": not UTF-8; convert it, for example with iconv", e)
        : new UncheckedIOException(file.toString(), e);
  }

  /** The beginning of the text, which is read again afterwards. */
  private static String head(BufferedReader text) throws IOException {
    text.mark(HEAD_MAX);
    char[] chars = new char[HEAD_MAX];
    int length = text.read(chars);
    text.reset();
    String head = new String(chars, 0, Math.max(0, length));
    if (head.startsWith("\ufeff")) {
      text.skip(1);
      return head.substring(1);
    }
    return head;
  }

  private static List<Fields> json(Path file, Reader text) {
    List<Fields> records = new ArrayList<>();
    try (MappingIterator<JsonNode> values = JSON.readerFor(JsonNode.class).readValues(text)) {
      while (values.hasNextValue()) {
        JsonNode value = values.nextValue();
        int line = values.currentLocation().getLineNr();
        if (!value.isObject()) {
          throw new RowException(
              file + ":" + line + ": expected JSON objects, found " + value.getNodeType());
        }
        if (isGroups(value)) {
          value.forEach(group -> group.forEach(entry -> add(records, entry, file + ":" + line)));
        } else {
          add(records, value, file + ":" + line);
        }
      }
    }
    return records;
  }

  /** True for an object whose values all are lists of objects. */
  private static boolean isGroups(JsonNode value) {
    return !value.isEmpty()
        && value
            .valueStream()
            .allMatch(group -> group.isArray() && group.valueStream().allMatch(JsonNode::isObject));
  }

  private static List<Fields> table(Path file, Reader text, String head) {
    String header = head.lines().findFirst().orElse("");
    long tabs = header.chars().filter(c -> c == '\t').count();
    long commas = header.chars().filter(c -> c == ',').count();
    CsvSchema schema =
        CsvSchema.emptySchema().withHeader().withColumnSeparator(tabs > commas ? '\t' : ',');
    List<Fields> records = new ArrayList<>();
    try (MappingIterator<Map<String, String>> lines =
        CSV.readerForMapOf(String.class).with(schema).readValues(text)) {
      while (lines.hasNextValue()) {
        JsonNode fields = JSON.valueToTree(lines.nextValue());
        add(records, fields, file + ":" + lines.currentLocation().getLineNr());
      }
    }
    return records;
  }

  private static void add(List<Fields> records, JsonNode fields, String where) {
    records.add(new Fields(fields, where, records.size()));
  }
}
