package dev.pukara.guard;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * What a policy says besides its taxonomy.
 *
 * @param threshold score from which a message is unsafe; empty = as the model file says
 * @param format prompt format to ask in; empty = as the model file says
 * @param fewShotTokens most tokens of demonstrations in the prompt; 0 = none
 * @param families what is different under a prompt format, by its name
 * @param calibration numbers that hold for one model; empty = not calibrated
 */
public record PolicySettings(
    OptionalDouble threshold,
    Optional<String> format,
    int fewShotTokens,
    Map<String, FamilyOverride> families,
    Optional<PolicyCalibration> calibration) {
  /** Nothing said. */
  public static final PolicySettings NONE =
      new PolicySettings(OptionalDouble.empty(), Optional.empty(), 0, Map.of(), Optional.empty());

  /** Checks the numbers, copies the map. */
  public PolicySettings {
    threshold.ifPresent(value -> DecisionOptions.checkProbability("threshold", value));
    if (fewShotTokens < 0) {
      throw new IllegalArgumentException(
          "few_shot_tokens " + fewShotTokens + ", expected 0 or more");
    }
    families = Map.copyOf(families);
  }

  /** The same with another calibration. */
  public PolicySettings withCalibration(Optional<PolicyCalibration> value) {
    return new PolicySettings(threshold, format, fewShotTokens, families, value);
  }

  /** For the policy's digest; families and budget have acted on the prompt by then. */
  Map<String, Object> canonical() {
    Map<String, Object> map = new LinkedHashMap<>();
    threshold.ifPresent(value -> map.put("threshold", value));
    calibration.ifPresent(value -> map.put("calibration", value.canonical()));
    return map;
  }
}
