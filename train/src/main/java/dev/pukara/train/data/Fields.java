package dev.pukara.train.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * A map of a YAML file, read field by field. Every error names file, field, what stands there and
 * what was expected; {@link #noOthers} refuses fields that nobody asked for.
 *
 * <p>{@code extends: other.yaml} takes everything that the file leaves open from another one beside
 * it, maps field by field; a field that is {@code null} is taken out.
 */
public final class Fields {
  private static final YAMLMapper YAML = new YAMLMapper();
  private static final String EXTENDS = "extends";

  private final JsonNode node;
  private final String where;
  private final Set<String> asked = new TreeSet<>();

  private Fields(JsonNode node, String where) {
    this.node = node;
    this.where = where;
  }

  /** Reads a file, and those that it extends. */
  public static Fields read(Path file) throws IOException {
    SequencedSet<Path> files = new LinkedHashSet<>();
    ObjectNode fields = readExtended(file, files);
    // A wrong field may stand in any of them.
    String others = files.size() == 1 ? "" : " or a file that it extends";
    return new Fields(fields, file + others);
  }

  private static ObjectNode readExtended(Path file, SequencedSet<Path> readers) throws IOException {
    if (!Files.isRegularFile(file)) {
      String reader = readers.isEmpty() ? "" : " (extended by " + readers.getLast() + ")";
      throw new RecipeException(file + ": no such file" + reader + "; expected a YAML file");
    }
    if (!readers.add(file.toRealPath())) {
      throw new RecipeException(file + ": extends itself: " + readers + "; correct the files");
    }
    Fields own = parse(Files.readString(file), file.toString());
    Optional<String> other = own.text(EXTENDS);
    if (other.isEmpty()) {
      return (ObjectNode) own.node;
    }
    ObjectNode merged = readExtended(file.resolveSibling(other.get()), readers);
    lay((ObjectNode) own.node, merged);
    merged.remove(EXTENDS);
    return merged;
  }

  /** Lays the fields of one map over those of another. */
  private static void lay(ObjectNode over, ObjectNode under) {
    for (Map.Entry<String, JsonNode> field : over.properties()) {
      JsonNode before = under.get(field.getKey());
      if (field.getValue().isNull()) {
        under.remove(field.getKey());
      } else if (field.getValue() instanceof ObjectNode map && before instanceof ObjectNode lower) {
        lay(map, lower);
      } else {
        under.set(field.getKey(), field.getValue());
      }
    }
  }

  /**
   * Reads text.
   *
   * @param where named in errors
   */
  public static Fields parse(String yaml, String where) {
    try {
      JsonNode root = YAML.readTree(yaml);
      if (root == null || !root.isObject()) {
        throw new RecipeException(where + ": expected a map of fields");
      }
      return new Fields(root, where);
    } catch (JacksonException e) {
      throw new RecipeException(
          where + ": not YAML: " + e.getOriginalMessage() + " (line " + line(e) + ")", e);
    }
  }

  private static int line(JacksonException e) {
    return e.getLocation() == null ? 0 : e.getLocation().getLineNr();
  }

  /** No fields. */
  public static Fields empty(String where) {
    return new Fields(YAML.createObjectNode(), where);
  }

  /**
   * Sets a field, such as one that the command line gives, over what the file says.
   *
   * @param path names of maps and the field: {@code export.type}
   * @param value text, number, boolean or a list of texts
   */
  public void set(String path, Object value) {
    ObjectNode map = (ObjectNode) node;
    String[] names = path.split("\\.");
    for (int i = 0; i < names.length - 1; i++) {
      JsonNode inner = map.get(names[i]);
      map = inner instanceof ObjectNode object ? object : map.putObject(names[i]);
    }
    map.set(names[names.length - 1], YAML.valueToTree(value));
  }

  /** Takes a field out, such as one that contradicts the command line. */
  public void remove(String path) {
    set(path, YAML.getNodeFactory().nullNode());
  }

  private Optional<JsonNode> find(String name) {
    asked.add(name);
    JsonNode value = node.get(name);
    return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
  }

  /** File and field, for errors. */
  public String where(String name) {
    return where + ": " + name;
  }

  /** An error about a field. */
  public RecipeException bad(String name, Object actual, String expected) {
    return new RecipeException(
        where(name) + " is " + actual + ", expected " + expected + "; correct the file");
  }

  /** Text, if the field is there. */
  public Optional<String> text(String name) {
    return find(name)
        .map(
            value -> {
              if (!value.isValueNode()) {
                throw bad(name, value.getNodeType(), "text");
              }
              return value.asString();
            });
  }

  /** A number from {@code least} to {@code most}, if the field is there. */
  public OptionalDouble number(String name, double least, double most) {
    Optional<JsonNode> value = find(name);
    if (value.isEmpty()) {
      return OptionalDouble.empty();
    }
    double number = value.get().isNumber() ? value.get().asDouble() : Double.NaN;
    if (!(number >= least && number <= most)) {
      throw bad(name, value.get(), "a number from " + least + " to " + most);
    }
    return OptionalDouble.of(number);
  }

  /** A whole number, or {@code otherwise}. */
  public int integer(String name, int least, int most, int otherwise) {
    OptionalDouble number = number(name, least, most);
    if (number.isEmpty()) {
      return otherwise;
    }
    if (number.getAsDouble() != Math.rint(number.getAsDouble())) {
      throw bad(name, number.getAsDouble(), "a whole number");
    }
    return (int) number.getAsDouble();
  }

  /** True or false, or {@code otherwise}. */
  public boolean flag(String name, boolean otherwise) {
    return find(name)
        .map(
            value -> {
              if (!value.isBoolean()) {
                throw bad(name, value, "true or false");
              }
              return value.asBoolean();
            })
        .orElse(otherwise);
  }

  /** A list of texts, empty if the field is not there; one text counts as a list of one. */
  public List<String> texts(String name) {
    List<String> list = new ArrayList<>();
    find(name)
        .ifPresent(
            value -> {
              if (value.isValueNode()) {
                list.add(value.asString());
              } else if (value.isArray()) {
                value.forEach(
                    entry -> {
                      if (!entry.isValueNode()) {
                        throw bad(name, entry.getNodeType(), "a list of texts");
                      }
                      list.add(entry.asString());
                    });
              } else {
                throw bad(name, value.getNodeType(), "a list of texts");
              }
            });
    return list;
  }

  /** A map within the map, if the field is there. */
  public Optional<Fields> map(String name) {
    return find(name)
        .map(
            value -> {
              if (!value.isObject()) {
                throw bad(name, value, "a map");
              }
              return new Fields(value, where(name));
            });
  }

  /** A list of maps, empty if the field is not there. */
  public List<Fields> maps(String name) {
    List<Fields> list = new ArrayList<>();
    find(name)
        .ifPresent(
            value -> {
              for (JsonNode entry : value) {
                if (!entry.isObject()) {
                  throw bad(name, entry, "a list of maps");
                }
                list.add(new Fields(entry, where(name + "[" + list.size() + "]")));
              }
            });
    return list;
  }

  /** All fields, each a map. */
  public Map<String, Fields> entries() {
    Map<String, Fields> entries = new LinkedHashMap<>();
    for (String name : node.propertyNames()) {
      entries.put(name, map(name).orElseThrow(() -> bad(name, "empty", "a map")));
    }
    return entries;
  }

  /** Names of all fields. */
  public List<String> names() {
    return List.copyOf(node.propertyNames());
  }

  /** True if the field holds a map. */
  public boolean isMap(String name) {
    JsonNode value = node.get(name);
    return value != null && value.isObject();
  }

  /** Refuses fields that were not asked for. */
  public void noOthers() {
    for (String name : node.propertyNames()) {
      if (!asked.contains(name)) {
        throw new RecipeException(
            where + ": unknown field '" + name + "'; known are " + String.join(", ", asked));
      }
    }
  }
}
