package dev.pukara.model;

import java.math.BigInteger;
import java.util.List;

/**
 * A metadata value with its GGUF type, so that a file can be written again as it was.
 *
 * @param type the type
 * @param value integers as {@link Long} (above 2^63: {@link BigInteger}), float32 as {@link Float},
 *     float64 as {@link Double}, {@link Boolean}, {@link String}; an array as {@link Array}
 */
record GgufValue(GgufType type, Object value) {

  /**
   * An array.
   *
   * @param element type of every element
   * @param values elements, as {@link GgufValue#value} holds them
   */
  record Array(GgufType element, List<?> values) {}

  static GgufValue u32(long value) {
    return new GgufValue(GgufType.UINT32, value);
  }

  static GgufValue f32(float value) {
    return new GgufValue(GgufType.FLOAT32, value);
  }

  static GgufValue bool(boolean value) {
    return new GgufValue(GgufType.BOOL, value);
  }

  static GgufValue string(String value) {
    return new GgufValue(GgufType.STRING, value);
  }

  static GgufValue array(GgufType element, List<?> values) {
    return new GgufValue(GgufType.ARRAY, new Array(element, values));
  }

  /**
   * A plain value: {@link String}, {@link Boolean}, {@link Integer}, {@link Long}, {@link Float} or
   * a list of strings.
   *
   * @throws IllegalArgumentException for any other
   */
  static GgufValue of(Object value) {
    return switch (value) {
      case String text -> string(text);
      case Boolean flag -> bool(flag);
      case Integer number -> new GgufValue(GgufType.INT32, (long) number);
      case Long number -> new GgufValue(GgufType.INT64, number);
      case Float number -> f32(number);
      case List<?> list when list.stream().allMatch(String.class::isInstance) ->
          array(GgufType.STRING, list);
      default ->
          throw new IllegalArgumentException(
              "metadata of " + value.getClass() + ", expected text, a number or a list of texts");
    };
  }

  /** The value without its type: arrays are lists. */
  Object plain() {
    return plain(value);
  }

  private static Object plain(Object value) {
    if (!(value instanceof Array array)) {
      return value;
    }
    return array.element() == GgufType.ARRAY
        ? array.values().stream().map(GgufValue::plain).toList()
        : array.values();
  }
}
