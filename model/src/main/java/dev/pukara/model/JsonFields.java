package dev.pukara.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * An object of a JSON file with the types that its readers expect; any other type is a {@link
 * FormatException} that names file and field. A field that is null counts as absent.
 *
 * @param file file name for messages
 * @param at names of the enclosing fields, each with a dot behind it; empty at the top
 * @param node the object
 */
record JsonFields(String file, String at, JsonNode node) {
  /** Names are not interned: a vocabulary has hundreds of thousands that occur once. */
  static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .build();

  /** Reads a file of at most {@code maxBytes}. */
  static JsonFields read(Path path, long maxBytes) throws IOException {
    String file = MappedFile.name(path);
    long bytes = Files.size(path);
    if (bytes > maxBytes) {
      throw new FormatException(
          String.format(
              Locale.ROOT,
              "%s: %d bytes, expected at most %d; %s",
              file,
              bytes,
              maxBytes,
              FormatException.FETCH_AGAIN));
    }
    return parse(file, Files.readAllBytes(path));
  }

  static JsonFields parse(String file, byte[] json) {
    JsonNode node;
    try {
      node = MAPPER.readTree(json);
    } catch (JacksonException e) {
      long at = e.getLocation() == null ? 0 : e.getLocation().getByteOffset();
      throw new FormatException(
          file
              + " @"
              + at
              + ": "
              + e.getOriginalMessage()
              + ", expected JSON; "
              + FormatException.FETCH_AGAIN,
          e);
    }
    if (!node.isObject()) {
      throw new FormatException(file + " @0: not a JSON object; " + FormatException.FETCH_AGAIN);
    }
    return new JsonFields(file, "", node);
  }

  Optional<JsonNode> optional(String key) {
    JsonNode value = node.get(key);
    return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
  }

  /** A size, count or id: 0 to 2^31-1. */
  int integer(String key) {
    return optionalInteger(key).orElseThrow(() -> missing(key));
  }

  Optional<Integer> optionalInteger(String key) {
    return optional(key)
        .map(
            value -> {
              if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 0) {
                throw unexpected(key, value, "an integer from 0 to " + Integer.MAX_VALUE);
              }
              return value.intValue();
            });
  }

  Optional<Double> optionalNumber(String key) {
    return optional(key)
        .map(
            value -> {
              if (!value.isNumber()) {
                throw unexpected(key, value, "a number");
              }
              return value.doubleValue();
            });
  }

  double number(String key) {
    return optionalNumber(key).orElseThrow(() -> missing(key));
  }

  Optional<Boolean> optionalBool(String key) {
    return optional(key)
        .map(
            value -> {
              if (!value.isBoolean()) {
                throw unexpected(key, value, "true or false");
              }
              return value.booleanValue();
            });
  }

  boolean bool(String key, boolean absent) {
    return optionalBool(key).orElse(absent);
  }

  Optional<String> optionalString(String key) {
    return optional(key)
        .map(
            value -> {
              if (!value.isString()) {
                throw unexpected(key, value, "a string");
              }
              return value.stringValue();
            });
  }

  String string(String key) {
    return optionalString(key).orElseThrow(() -> missing(key));
  }

  Optional<JsonFields> optionalObject(String key) {
    return optional(key)
        .map(
            value -> {
              if (!value.isObject()) {
                throw unexpected(key, value, "an object");
              }
              return new JsonFields(file, at + key + ".", value);
            });
  }

  JsonFields object(String key) {
    return optionalObject(key).orElseThrow(() -> missing(key));
  }

  /** The elements of an array; none if it is absent. */
  List<JsonNode> elements(String key) {
    return optional(key)
        .map(
            value -> {
              if (!value.isArray()) {
                throw unexpected(key, value, "an array");
              }
              return List.copyOf(value.values());
            })
        .orElse(List.of());
  }

  /** The objects of an array; none if it is absent. */
  List<JsonFields> objects(String key) {
    List<JsonNode> elements = elements(key);
    for (JsonNode element : elements) {
      if (!element.isObject()) {
        throw unexpected(key, element, "objects");
      }
    }
    return elements.stream().map(e -> new JsonFields(file, at + key + ".", e)).toList();
  }

  /**
   * Everything as plain Java: maps, lists, strings, numbers, booleans; null fields are left out.
   */
  SequencedMap<String, Object> plain() {
    SequencedMap<String, Object> map = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      if (!field.getValue().isNull()) {
        map.put(field.getKey(), plain(field.getValue()));
      }
    }
    return map;
  }

  private Object plain(JsonNode value) {
    if (value.isObject()) {
      return new JsonFields(file, at, value).plain();
    }
    if (value.isArray()) {
      return value.values().stream().filter(v -> !v.isNull()).map(this::plain).toList();
    }
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return value.longValue();
    }
    return value.isNumber()
        ? (Object) value.doubleValue()
        : value.isBoolean() ? (Object) value.booleanValue() : value.asString();
  }

  FormatException missing(String key) {
    return broken("no field " + at + key);
  }

  FormatException unexpected(String key, JsonNode value, String expected) {
    String text = value.toString();
    String shown = text.length() > 300 ? text.substring(0, 300) + "..." : text;
    return broken(at + key + " is " + shown + ", expected " + expected);
  }

  FormatException broken(String problem) {
    return new FormatException(file + ": " + problem + "; " + FormatException.FETCH_AGAIN);
  }
}
