package dev.pukara.guard;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The built-in policies, and policies from YAML files. */
public final class Policies {
  private static final List<String> BUILT_IN = List.of("llama-guard-2", "llama-guard-3");
  private static final Set<String> FIELDS =
      Set.of("id", "version", "title", "describe", "categories");
  private static final Set<String> CATEGORY_FIELDS = Set.of("code", "name", "description");
  private static final YAMLMapper YAML = new YAMLMapper();

  private Policies() {}

  /** Ids of the built-in policies. */
  public static List<String> builtIn() {
    return BUILT_IN;
  }

  /**
   * A built-in policy by its id, or else a policy file.
   *
   * @throws PolicyException if there is neither, or the file is not a policy
   */
  public static Policy find(String idOrPath) {
    if (BUILT_IN.contains(idOrPath)) {
      return builtIn(idOrPath);
    }
    Path path = Path.of(idOrPath);
    if (!Files.isRegularFile(path)) {
      throw new PolicyException(
          "no policy '"
              + idOrPath
              + "': neither built in ("
              + String.join(", ", BUILT_IN)
              + ") nor a file; check the name");
    }
    try {
      return parse(Files.readString(path), path.toString());
    } catch (IOException e) {
      throw new PolicyException(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  static Policy builtIn(String id) {
    String resource = "policies/" + id + ".yaml";
    try (InputStream in = Policies.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("resource " + resource + " is missing from the jar");
      }
      return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8), resource);
    } catch (IOException e) {
      throw new IllegalStateException(resource, e);
    }
  }

  /**
   * Reads a policy from YAML.
   *
   * @param where named in errors
   */
  public static Policy parse(String yaml, String where) {
    JsonNode root;
    try {
      root = YAML.readTree(yaml);
    } catch (JacksonException e) {
      throw new PolicyException(
          where
              + ": not YAML: "
              + e.getOriginalMessage()
              + " (line "
              + e.getLocation().getLineNr()
              + ")",
          e);
    }
    if (root == null || !root.isObject()) {
      throw new PolicyException(where + ": expected a map with id, version, title, categories");
    }
    known(root, FIELDS, where);
    String id = text(root, "id", where);
    boolean describe = !root.has("describe") || root.get("describe").asBoolean();
    List<Category> categories = new ArrayList<>();
    JsonNode list = root.get("categories");
    if (list == null || !list.isArray() || list.isEmpty()) {
      throw new PolicyException(where + ": 'categories' must be a list with at least one entry");
    }
    int index = 0;
    for (JsonNode entry : list) {
      String at = where + ": categories[" + index++ + "]";
      if (!entry.isObject()) {
        throw new PolicyException(at + ": expected a map with code, name, description");
      }
      known(entry, CATEGORY_FIELDS, at);
      String description = entry.has("description") ? text(entry, "description", at) : "";
      categories.add(
          new Category(text(entry, "code", at), text(entry, "name", at), description.strip()));
    }
    try {
      return new Policy(
          id, text(root, "version", where), text(root, "title", where), categories, describe);
    } catch (IllegalArgumentException e) {
      throw new PolicyException(where + ": " + e.getMessage(), e);
    }
  }

  private static void known(JsonNode node, Set<String> fields, String where) {
    Set<String> unknown = new LinkedHashSet<>(node.propertyNames());
    unknown.removeAll(fields);
    if (!unknown.isEmpty()) {
      throw new PolicyException(
          where
              + ": unknown field "
              + unknown
              + "; known are "
              + fields.stream().sorted().toList());
    }
  }

  private static String text(JsonNode node, String field, String where) {
    JsonNode value = node.get(field);
    if (value == null || !value.isValueNode() || value.asString().isBlank()) {
      throw new PolicyException(where + ": '" + field + "' is missing or empty; expected text");
    }
    return value.asString();
  }
}
