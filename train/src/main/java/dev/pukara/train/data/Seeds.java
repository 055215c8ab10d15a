package dev.pukara.train.data;

import java.util.Random;

/** Independent random sequences from a run's seed and a few numbers. */
final class Seeds {
  private Seeds() {}

  /** A sequence for each combination of numbers (SplitMix64's finaliser over all of them). */
  static Random random(long... numbers) {
    long mixed = 0;
    for (long number : numbers) {
      mixed = mix(mixed + number + 0x9E3779B97F4A7C15L);
    }
    return new Random(mixed);
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
