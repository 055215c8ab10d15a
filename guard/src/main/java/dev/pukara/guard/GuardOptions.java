package dev.pukara.guard;

import dev.pukara.engine.EngineOptions;
import dev.pukara.kernels.Precision;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a guard is made of.
 *
 * @param model GGUF file or folder with safetensors
 * @param policy empty = the prompt format's own
 * @param format empty = as the model file says
 * @param precision empty = the fastest that the machine has
 * @param threshold score from which a message is unsafe
 * @param engine limits
 */
public record GuardOptions(
    Path model,
    Optional<Policy> policy,
    Optional<PromptFormat> format,
    Optional<Precision> precision,
    double threshold,
    EngineOptions engine) {
  /** Checks the threshold. */
  public GuardOptions {
    if (!(threshold >= 0 && threshold <= 1)) {
      throw new IllegalArgumentException("threshold " + threshold + ", expected 0 to 1");
    }
  }

  /** A guard on a model file, everything else by default. */
  public static GuardOptions of(Path model) {
    return new GuardOptions(
        model, Optional.empty(), Optional.empty(), Optional.empty(), 0.5, EngineOptions.defaults());
  }

  /** With another policy. */
  public GuardOptions withPolicy(Policy value) {
    return new GuardOptions(model, Optional.of(value), format, precision, threshold, engine);
  }

  /** With another prompt format. */
  public GuardOptions withFormat(PromptFormat value) {
    return new GuardOptions(model, policy, Optional.of(value), precision, threshold, engine);
  }

  /** With another precision. */
  public GuardOptions withPrecision(Precision value) {
    return new GuardOptions(model, policy, format, Optional.of(value), threshold, engine);
  }

  /** With another threshold. */
  public GuardOptions withThreshold(double value) {
    return new GuardOptions(model, policy, format, precision, value, engine);
  }

  /** With other limits. */
  public GuardOptions withEngine(EngineOptions value) {
    return new GuardOptions(model, policy, format, precision, threshold, value);
  }
}
