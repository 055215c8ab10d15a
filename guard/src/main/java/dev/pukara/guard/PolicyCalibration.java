package dev.pukara.guard;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * Numbers fitted on labelled data for one model, one prompt format and one text of the policy; they
 * mean nothing for another.
 *
 * @param modelDigest SHA-256 of the model file
 * @param formatDigest SHA-256 of the prompt format's canonical JSON
 * @param promptDigest SHA-256 of what stands in the prompt ({@link Policy#promptDigest})
 * @param temperature of the message's score
 * @param categoryTemperature of the categories' scores
 * @param threshold score from which a message is unsafe
 * @param categories thresholds of categories by code; may lack some
 */
public record PolicyCalibration(
    String modelDigest,
    String formatDigest,
    String promptDigest,
    double temperature,
    double categoryTemperature,
    OptionalDouble threshold,
    Map<String, Double> categories) {
  /** Checks the numbers, copies the map. */
  public PolicyCalibration {
    if (!(temperature > 0 && categoryTemperature > 0)) {
      throw new IllegalArgumentException(
          "calibration: temperatures "
              + temperature
              + " and "
              + categoryTemperature
              + ", expected more than 0");
    }
    threshold.ifPresent(value -> DecisionOptions.checkProbability("calibration: threshold", value));
    categories = Map.copyOf(categories);
    categories.forEach(
        (code, value) ->
            DecisionOptions.checkProbability("calibration: threshold of " + code, value));
  }

  Map<String, Object> canonical() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("model", modelDigest);
    map.put("temperature", temperature);
    map.put("categoryTemperature", categoryTemperature);
    threshold.ifPresent(value -> map.put("threshold", value));
    map.put("categories", categories);
    return map;
  }
}
