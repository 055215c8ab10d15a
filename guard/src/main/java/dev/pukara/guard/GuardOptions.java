package dev.pukara.guard;

import dev.pukara.engine.EngineOptions;
import dev.pukara.kernels.Precision;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What a guard is made of.
 *
 * @param model GGUF file or folder with safetensors
 * @param policy empty = the prompt format's own
 * @param format empty = as the policy says, else as the model file says
 * @param precision empty = the fastest that the machine has
 * @param decision how scores become verdicts
 * @param defences what is read beside the text as written
 * @param engine limits
 * @param timeout how long one check may take, waiting included; zero = for ever. A server has time
 *     limits of its own instead
 */
public record GuardOptions(
    Path model,
    Optional<Policy> policy,
    Optional<PromptFormat> format,
    Optional<Precision> precision,
    DecisionOptions decision,
    DefenceOptions defences,
    EngineOptions engine,
    Duration timeout) {

  /** Checks that the time limit is not negative. */
  public GuardOptions {
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("timeout " + timeout + " is negative");
    }
  }

  /** A guard on a model file, everything else by default. */
  public static GuardOptions of(Path model) {
    return new GuardOptions(
        model,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        DecisionOptions.DEFAULT,
        DefenceOptions.DEFAULT,
        EngineOptions.defaults(),
        Duration.ZERO);
  }

  /** A guard on a model behind a server: what is said of a model file means nothing there. */
  public static GuardOptions forServer() {
    return of(Path.of(""));
  }

  /** With another policy. */
  public GuardOptions withPolicy(Policy value) {
    return new GuardOptions(
        model, Optional.of(value), format, precision, decision, defences, engine, timeout);
  }

  /** With another prompt format. */
  public GuardOptions withFormat(PromptFormat value) {
    return new GuardOptions(
        model, policy, Optional.of(value), precision, decision, defences, engine, timeout);
  }

  /** With another precision. */
  public GuardOptions withPrecision(Precision value) {
    return new GuardOptions(
        model, policy, format, Optional.of(value), decision, defences, engine, timeout);
  }

  /** With other rules from scores to verdicts. */
  public GuardOptions withDecision(DecisionOptions value) {
    return new GuardOptions(model, policy, format, precision, value, defences, engine, timeout);
  }

  /** With another threshold: the score from which a message is unsafe, 0 to 1. */
  public GuardOptions withThreshold(double value) {
    return withDecision(decision.withThreshold(value));
  }

  /** With categories scored at other times. */
  public GuardOptions withCategories(CategoryMode value) {
    return withDecision(decision.withCategories(value));
  }

  /** With other defences. */
  public GuardOptions withDefences(DefenceOptions value) {
    return new GuardOptions(model, policy, format, precision, decision, value, engine, timeout);
  }

  /** With other limits. */
  public GuardOptions withEngine(EngineOptions value) {
    return new GuardOptions(model, policy, format, precision, decision, defences, value, timeout);
  }

  /** With a time limit for each check; zero = none. */
  public GuardOptions withTimeout(Duration value) {
    return new GuardOptions(model, policy, format, precision, decision, defences, engine, value);
  }
}
