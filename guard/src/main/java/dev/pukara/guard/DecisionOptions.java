package dev.pukara.guard;

import java.util.OptionalDouble;

/**
 * How scores become verdicts.
 *
 * @param threshold score from which a message is unsafe; empty = the policy's, else the model
 *     file's, else 0.5
 * @param categories when they are scored
 * @param readableFloor least p(safe) + p(unsafe) that counts as an answer, else the verdict is
 *     unreadable; empty = as the model file says, 0.01 for a model behind a server, else none
 * @param failOpen true if what is unreadable is allowed; false (the default) blocks it
 */
public record DecisionOptions(
    OptionalDouble threshold,
    CategoryMode categories,
    OptionalDouble readableFloor,
    boolean failOpen) {
  /** All by policy and model file; categories when unsafe; fails closed. */
  public static final DecisionOptions DEFAULT =
      new DecisionOptions(
          OptionalDouble.empty(), CategoryMode.UNSAFE, OptionalDouble.empty(), false);

  /** Checks the range of the numbers. */
  public DecisionOptions {
    threshold.ifPresent(value -> checkProbability("threshold", value));
    readableFloor.ifPresent(value -> checkProbability("readable floor", value));
  }

  static void checkProbability(String what, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(what + " " + value + ", expected 0 to 1");
    }
  }

  /** With another threshold. */
  public DecisionOptions withThreshold(double value) {
    return new DecisionOptions(OptionalDouble.of(value), categories, readableFloor, failOpen);
  }

  /** With categories scored at other times. */
  public DecisionOptions withCategories(CategoryMode value) {
    return new DecisionOptions(threshold, value, readableFloor, failOpen);
  }

  /** With another floor of readability. */
  public DecisionOptions withReadableFloor(double value) {
    return new DecisionOptions(threshold, categories, OptionalDouble.of(value), failOpen);
  }

  /** Failing open or closed. */
  public DecisionOptions withFailOpen(boolean value) {
    return new DecisionOptions(threshold, categories, readableFloor, value);
  }
}
