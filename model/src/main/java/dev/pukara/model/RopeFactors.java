package dev.pukara.model;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Llama 3.1's RoPE scaling in its two spellings: the rule's four parameters (config.json) and its
 * divisor of each frequency (GGUF's rope_freqs.weight).
 */
final class RopeFactors {
  private static final double TOLERANCE = 1e-5;

  /** Llama 3.1 and 3.2 come from a context of 8192; others are tried after it. */
  private static final int ORIGINAL_CONTEXT = 8192;

  private static final int ORIGINAL_CONTEXT_LOG_MIN = 4;
  private static final int ORIGINAL_CONTEXT_LOG_MAX = 20;

  private RopeFactors() {}

  /** The rule's divisors, as llama.cpp's converter computes them. */
  static float[] of(RopeScaling.Llama3 rule, double base, int headSize) {
    float[] divisors = new float[headSize / 2];
    for (int i = 0; i < divisors.length; i++) {
      double wavelength = 2 * Math.PI * Math.pow(base, 2.0 * i / headSize);
      double keep =
          (rule.originalContext() / wavelength - rule.lowFactor())
              / (rule.highFactor() - rule.lowFactor());
      divisors[i] =
          (float)
              (wavelength < rule.originalContext() / rule.highFactor()
                  ? 1
                  : wavelength > rule.originalContext() / rule.lowFactor()
                      ? rule.factor()
                      : 1 / ((1 - keep) / rule.factor() + keep));
    }
    return divisors;
  }

  /**
   * The rule that gives the divisors, if it is one with Llama 3.1's frequency factors 1 and 4:
   * parameters are tried until the divisors agree, so a wrong guess cannot come out.
   */
  static Optional<RopeScaling.Llama3> rule(float[] divisors, double base) {
    double largest =
        IntStream.range(0, divisors.length).mapToDouble(i -> divisors[i]).max().orElse(1);
    return DoubleStream.of(8, 32, largest)
        .boxed()
        .flatMap(
            factor ->
                IntStream.concat(
                        IntStream.of(ORIGINAL_CONTEXT),
                        IntStream.rangeClosed(ORIGINAL_CONTEXT_LOG_MIN, ORIGINAL_CONTEXT_LOG_MAX)
                            .map(log -> 1 << log))
                    .mapToObj(original -> new RopeScaling.Llama3(factor, 1, 4, original)))
        .filter(rule -> same(of(rule, base, 2 * divisors.length), divisors))
        .findFirst();
  }

  private static boolean same(float[] left, float[] right) {
    return left.length == right.length && Arrays.equals(left, right)
        || IntStream.range(0, left.length)
            .allMatch(i -> Math.abs(left[i] - right[i]) <= TOLERANCE * Math.abs(right[i]));
  }
}
