package dev.pukara.model;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * GGUF key/value pairs with the types that their readers expect; any other type is a {@link
 * FormatException} that names the key.
 */
record GgufMetadata(String file, Map<String, GgufValue> values) {

  boolean has(String key) {
    return values.containsKey(key);
  }

  /** A size, count or token id: any integer type, 0 to 2^31-1. */
  int integer(String key) {
    return optionalInteger(key).orElseThrow(() -> missing(key));
  }

  Optional<Integer> optionalInteger(String key) {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value.value() instanceof Long number && number >= 0 && number <= Integer.MAX_VALUE) {
      return Optional.of(number.intValue());
    }
    throw unexpected(key, value, "an integer from 0 to " + Integer.MAX_VALUE);
  }

  float number(String key) {
    return optionalNumber(key).orElseThrow(() -> missing(key));
  }

  Optional<Float> optionalNumber(String key) {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value.value() instanceof Float || value.value() instanceof Double) {
      return Optional.of(((Number) value.value()).floatValue());
    }
    throw unexpected(key, value, "a float32");
  }

  Optional<Boolean> optionalBool(String key) {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value.value() instanceof Boolean flag) {
      return Optional.of(flag);
    }
    throw unexpected(key, value, "a bool");
  }

  String string(String key) {
    return optionalString(key).orElseThrow(() -> missing(key));
  }

  Optional<String> optionalString(String key) {
    GgufValue value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    if (value.value() instanceof String text) {
      return Optional.of(text);
    }
    throw unexpected(key, value, "a string");
  }

  /** The strings of an array, or null if there is none. */
  @Nullable List<String> strings(String key) {
    List<?> elements = array(key, GgufType.STRING, "an array of strings");
    return elements == null ? null : elements.stream().map(String.class::cast).toList();
  }

  /** The numbers of an int32 array, or null if there is none. */
  int @Nullable [] integers(String key) {
    List<?> elements = array(key, GgufType.INT32, "an array of int32");
    return elements == null
        ? null
        : elements.stream().mapToInt(e -> ((Long) e).intValue()).toArray();
  }

  /** The numbers of a float32 array, or null if there is none. */
  float @Nullable [] floats(String key) {
    List<?> elements = array(key, GgufType.FLOAT32, "an array of float32");
    if (elements == null) {
      return null;
    }
    float[] numbers = new float[elements.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (Float) elements.get(i);
    }
    return numbers;
  }

  private @Nullable List<?> array(String key, GgufType element, String expected) {
    GgufValue value = values.get(key);
    if (value == null) {
      return null;
    }
    if (value.value() instanceof GgufValue.Array(GgufType type, List<?> elements)
        && type == element) {
      return elements;
    }
    throw unexpected(key, value, expected);
  }

  FormatException missing(String key) {
    return new FormatException(
        file + ": no metadata key " + key + "; convert the model again with a current llama.cpp");
  }

  FormatException unexpected(String key, GgufValue value, String expected) {
    String actual =
        value.value() instanceof GgufValue.Array(GgufType element, List<?> elements)
            ? "an array of " + elements.size() + " " + element
            : value.type() + " " + value.value();
    return broken(key + " is " + actual + ", expected " + expected);
  }

  FormatException broken(String problem) {
    return new FormatException(
        String.format(Locale.ROOT, "%s: %s; %s", file, problem, FormatException.FETCH_AGAIN));
  }
}
