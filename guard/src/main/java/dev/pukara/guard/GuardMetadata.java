package dev.pukara.guard;

import dev.pukara.model.ModelFile;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a guard's model file says of itself, as GGUF metadata under {@code pukara.}: each value is
 * absent if the file does not state it.
 *
 * @param format [string] pukara.format: name of the prompt format that it was trained on
 * @param safe [string] pukara.answer.safe: text of the single token that says safe
 * @param unsafe [string] pukara.answer.unsafe: text of the single token that says unsafe
 * @param temperature [f32] pukara.temperature: of the message's score
 * @param categoryTemperature [f32] pukara.category_temperature: of the categories' scores
 * @param answerBias [f32] pukara.answer_bias: log odds added to the message's, before the
 *     temperature, where it is an agent's answer, so that one threshold serves both
 * @param threshold [f32] pukara.threshold: score from which a message is unsafe
 * @param readableFloor [f32] pukara.readable_floor: least p(safe) + p(unsafe) that is an answer
 * @param baseDigest [string] pukara.base.digest: SHA-256 of the model that it was tuned from
 */
public record GuardMetadata(
    Optional<String> format,
    Optional<String> safe,
    Optional<String> unsafe,
    OptionalDouble temperature,
    OptionalDouble categoryTemperature,
    OptionalDouble answerBias,
    OptionalDouble threshold,
    OptionalDouble readableFloor,
    Optional<String> baseDigest) {
  /** Nothing stated. */
  public static final GuardMetadata NONE = of(Map.of(), "");

  /** Key of the prompt format. */
  static final String FORMAT = "pukara.format";

  private static final String SAFE = "pukara.answer.safe";
  private static final String UNSAFE = "pukara.answer.unsafe";
  private static final String TEMPERATURE = "pukara.temperature";
  private static final String CATEGORY_TEMPERATURE = "pukara.category_temperature";
  private static final String ANSWER_BIAS = "pukara.answer_bias";
  private static final String THRESHOLD = "pukara.threshold";

  /** Key of the floor of readability. */
  static final String READABLE_FLOOR = "pukara.readable_floor";

  private static final String BASE_DIGEST = "pukara.base.digest";

  /**
   * What the file states.
   *
   * @throws PolicyException if a value is of the wrong type or out of range
   */
  public static GuardMetadata of(ModelFile file) {
    return of(file.metadata(), file.path().toString());
  }

  static GuardMetadata of(Map<String, Object> metadata, String file) {
    Fields fields = new Fields(metadata, file);
    return new GuardMetadata(
        fields.text(FORMAT),
        fields.text(SAFE),
        fields.text(UNSAFE),
        fields.positive(TEMPERATURE),
        fields.positive(CATEGORY_TEMPERATURE),
        fields.number(ANSWER_BIAS, -100, 100, "-100 to 100"),
        fields.probability(THRESHOLD),
        fields.probability(READABLE_FLOOR),
        fields.text(BASE_DIGEST));
  }

  /** The metadata to write into a model file: texts and floats by key. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    format.ifPresent(value -> map.put(FORMAT, value));
    safe.ifPresent(value -> map.put(SAFE, value));
    unsafe.ifPresent(value -> map.put(UNSAFE, value));
    temperature.ifPresent(value -> map.put(TEMPERATURE, (float) value));
    categoryTemperature.ifPresent(value -> map.put(CATEGORY_TEMPERATURE, (float) value));
    answerBias.ifPresent(value -> map.put(ANSWER_BIAS, (float) value));
    threshold.ifPresent(value -> map.put(THRESHOLD, (float) value));
    readableFloor.ifPresent(value -> map.put(READABLE_FLOOR, (float) value));
    baseDigest.ifPresent(value -> map.put(BASE_DIGEST, value));
    return map;
  }

  /** Checked access. */
  private record Fields(Map<String, Object> metadata, String file) {
    Optional<String> text(String key) {
      Object value = metadata.get(key);
      if (value == null) {
        return Optional.empty();
      }
      if (value instanceof String text && !text.isEmpty()) {
        return Optional.of(text);
      }
      throw new PolicyException(file + ": metadata " + key + " is " + value + ", expected a text");
    }

    OptionalDouble positive(String key) {
      return number(key, Double.MIN_VALUE, 1e6, "more than 0");
    }

    OptionalDouble probability(String key) {
      return number(key, 0, 1, "0 to 1");
    }

    OptionalDouble number(String key, double min, double max, String expected) {
      Object value = metadata.get(key);
      if (value == null) {
        return OptionalDouble.empty();
      }
      if (value instanceof Number number
          && number.doubleValue() >= min
          && number.doubleValue() <= max) {
        return OptionalDouble.of(number.doubleValue());
      }
      throw new PolicyException(
          file + ": metadata " + key + " is " + value + ", expected a number of " + expected);
    }
  }
}
