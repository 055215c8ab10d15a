package dev.pukara.guard;

import dev.pukara.guard.Prompt.Piece;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/**
 * What a guard goes by, put together from its options, the policy and what the model file states,
 * in this order of precedence.
 *
 * @param format how prompts are made
 * @param policy as it stands in the prompt: families applied, demonstrations chosen, calibrated
 *     thresholds filled in
 * @param settings the numbers
 */
record Setup(PromptFormat format, Policy policy, Settings settings) {
  private static final double DEFAULT_THRESHOLD = 0.5;

  /**
   * Puts a guard's parts together.
   *
   * @param format in use
   * @param stated what the model file states
   * @param tokens counts the tokens of a prompt's pieces
   * @param digest of the model; called if the policy is calibrated
   * @throws PolicyException if the policy was calibrated for something else
   */
  static Setup of(
      GuardOptions options,
      PromptFormat format,
      GuardMetadata stated,
      ToIntFunction<List<Piece>> tokens,
      Supplier<String> digest) {
    Policy policy = inPrompt(options.policy().orElseGet(format::defaultPolicy), format, tokens);
    Optional<PolicyCalibration> calibration = policy.settings().calibration();
    calibration.ifPresent(fitted -> check(fitted, policy, format, digest.get()));
    Policy calibrated = calibration.map(fitted -> thresholds(policy, fitted)).orElse(policy);
    DecisionOptions decision = options.decision();
    return new Setup(
        format,
        calibrated,
        new Settings(
            calibration.map(PolicyCalibration::temperature).orElse(stated.temperature().orElse(1)),
            calibration
                .map(PolicyCalibration::categoryTemperature)
                .orElse(stated.categoryTemperature().orElse(1)),
            stated.answerBias().orElse(0),
            first(
                decision.threshold(),
                calibration.map(PolicyCalibration::threshold).orElse(OptionalDouble.empty()),
                policy.settings().threshold(),
                stated.threshold()),
            decision.readableFloor().orElse(stated.readableFloor().orElse(0)),
            decision.failOpen(),
            decision.categories()));
  }

  /** The policy as it stands in the prompt. */
  static Policy inPrompt(Policy policy, PromptFormat format, ToIntFunction<List<Piece>> tokens) {
    Conversation none = Conversation.user("");
    return FewShot.choose(
        policy.underFormat(format.id()),
        shown -> tokens.applyAsInt(format.render(shown, none).prefix()));
  }

  private static double first(OptionalDouble... values) {
    for (OptionalDouble value : values) {
      if (value.isPresent()) {
        return value.getAsDouble();
      }
    }
    return DEFAULT_THRESHOLD;
  }

  private static Policy thresholds(Policy policy, PolicyCalibration calibration) {
    List<Category> categories = new ArrayList<>();
    for (Category category : policy.categories()) {
      Double fitted = calibration.categories().get(category.code());
      categories.add(fitted == null ? category : category.withThreshold(fitted));
    }
    return policy.withCategories(categories);
  }

  private static void check(
      PolicyCalibration calibration, Policy policy, PromptFormat format, String modelDigest) {
    same(policy, "model", calibration.modelDigest(), modelDigest);
    same(policy, "prompt format", calibration.formatDigest(), format.digest());
    same(policy, "policy text", calibration.promptDigest(), policy.promptDigest());
  }

  private static void same(Policy policy, String what, String fitted, String actual) {
    if (!fitted.equals(actual)) {
      throw new PolicyException(
          "policy "
              + policy.id()
              + " was calibrated for another "
              + what
              + ": digest "
              + fitted
              + ", this one has "
              + actual
              + "; run 'pukara calibrate' again, or delete the policy's 'calibration' block");
    }
  }
}
