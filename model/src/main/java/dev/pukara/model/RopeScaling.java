package dev.pukara.model;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** How RoPE's frequencies are scaled; read from the file, never assumed. */
public sealed interface RopeScaling {
  /** Not at all. */
  record None() implements RopeScaling {}

  /**
   * Llama 3.1's rule (config.json {@code rope_type: llama3}).
   *
   * @param factor divisor of low frequencies
   * @param lowFactor wavelengths above {@code originalContext / lowFactor} are divided entirely
   * @param highFactor wavelengths below {@code originalContext / highFactor} stay
   * @param originalContext context before scaling
   */
  record Llama3(double factor, double lowFactor, double highFactor, int originalContext)
      implements RopeScaling {
    /** The scaled frequency; between the two wavelengths it is blended linearly. */
    double scale(double frequency) {
      double wavelength = 2 * Math.PI / frequency;
      if (wavelength < originalContext / highFactor) {
        return frequency;
      }
      if (wavelength > originalContext / lowFactor) {
        return frequency / factor;
      }
      double keep = (originalContext / wavelength - lowFactor) / (highFactor - lowFactor);
      return (1 - keep) * frequency / factor + keep * frequency;
    }
  }

  /** One divisor for all frequencies (GGUF and config.json {@code linear}). */
  record Linear(double factor) implements RopeScaling {}

  /** A divisor per frequency, as GGUF's tensor {@code rope_freqs.weight} holds them. */
  record Factors(float[] divisors) implements RopeScaling {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Factors that && Arrays.equals(divisors, that.divisors);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(divisors);
    }

    @Override
    public String toString() {
      return "Factors" + Arrays.toString(divisors);
    }
  }

  /** The {@code headSize / 2} angles per position. */
  default float[] frequencies(double base, int headSize) {
    float[] frequencies = new float[headSize / 2];
    for (int i = 0; i < frequencies.length; i++) {
      double plain = Math.pow(base, -2.0 * i / headSize);
      frequencies[i] =
          (float)
              switch (this) {
                case None() -> plain;
                case Linear(double factor) -> plain / factor;
                case Factors(float[] divisors) -> plain / divisors[i];
                case Llama3 scaling -> scaling.scale(plain);
              };
    }
    return frequencies;
  }
}
