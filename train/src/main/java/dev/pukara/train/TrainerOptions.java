package dev.pukara.train;

import dev.pukara.kernels.Element;
import java.util.Locale;

/**
 * How a {@link Trainer} trains; the learning rate comes with every step.
 *
 * @param tuning which weights move
 * @param beta1 how much of the mean gradient AdamW keeps
 * @param beta2 how much of the mean square AdamW keeps
 * @param eps added to the root of the mean square
 * @param weightDecay decoupled decay of matrices, gains have none
 * @param gradientNormMax longer gradients are shortened to this; infinite: never
 * @param averageDecay how much of the moving average of the weights a step keeps, 0: no average is
 *     kept; the first steps keep less, {@code (1 + step) / (10 + step)} at most
 * @param products how the products read their operands; sums, residual stream and weights are f32
 * @param seed of LoRA's random matrices
 */
public record TrainerOptions(
    Tuning tuning,
    double beta1,
    double beta2,
    double eps,
    double weightDecay,
    double gradientNormMax,
    double averageDecay,
    Element products,
    long seed) {

  /** Full fine-tuning in bf16, AdamW with its usual numbers, gradients clipped at 1. */
  public static final TrainerOptions DEFAULT =
      new TrainerOptions(Tuning.FULL, 0.9, 0.999, 1e-8, 0.01, 1.0, 0, Element.BF16, 1);

  /** Checks the ranges. */
  public TrainerOptions {
    boolean decays = part(beta1) && part(beta2) && part(averageDecay);
    if (!decays || !(eps > 0) || !(weightDecay >= 0) || !(gradientNormMax > 0)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "betas %s and %s, average %s (each from 0 to below 1), eps %s and greatest norm %s"
                  + " (above 0), decay %s (from 0)",
              beta1,
              beta2,
              averageDecay,
              eps,
              gradientNormMax,
              weightDecay));
    }
  }

  private static boolean part(double value) {
    return value >= 0 && value < 1;
  }

  /** The same with other weights moving. */
  public TrainerOptions with(Tuning other) {
    return new TrainerOptions(
        other, beta1, beta2, eps, weightDecay, gradientNormMax, averageDecay, products, seed);
  }

  /** The same with products of other elements. */
  public TrainerOptions with(Element other) {
    return new TrainerOptions(
        tuning, beta1, beta2, eps, weightDecay, gradientNormMax, averageDecay, other, seed);
  }
}
