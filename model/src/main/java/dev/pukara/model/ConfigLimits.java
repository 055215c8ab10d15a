package dev.pukara.model;

import dev.pukara.kernels.Heads;
import java.util.Locale;

/**
 * The range in which a configuration read from a file is believed. Far beyond any known model, yet
 * narrow enough that products of sizes fit an int and a damaged number is named before it is used.
 */
final class ConfigLimits {
  private static final int BLOCKS_MAX = 1024;
  private static final int WIDTH_MAX = 1 << 18;
  private static final int HEADS_MAX = 4096;
  private static final int VOCABULARY_MAX = 1 << 22;
  private static final int CONTEXT_MAX = 1 << 28;

  private ConfigLimits() {}

  /** Returns {@code c} if every number is in its range and they fit each other. */
  static LlamaConfig check(String file, LlamaConfig c) {
    range(file, "blocks", c.blocks(), 1, BLOCKS_MAX);
    range(file, "width", c.width(), 1, WIDTH_MAX);
    range(file, "feed-forward width", c.feedForward(), 1, WIDTH_MAX);
    range(file, "query heads", c.queryHeads(), 1, HEADS_MAX);
    range(file, "key/value heads", c.kvHeads(), 1, HEADS_MAX);
    range(file, "head size", c.headSize(), 2, Heads.SIZE_MAX);
    range(file, "vocabulary", c.vocabulary(), 1, VOCABULARY_MAX);
    range(file, "context", c.context(), 1, CONTEXT_MAX);
    if (c.queryHeads() % c.kvHeads() != 0) {
      throw broken(
          file,
          c.queryHeads()
              + " query heads, expected a multiple of the "
              + c.kvHeads()
              + " key/value heads");
    }
    if (c.headSize() % 2 != 0) {
      throw broken(file, "head size " + c.headSize() + ", expected an even one (RoPE turns pairs)");
    }
    positive(file, "RMSNorm epsilon", c.eps());
    positive(file, "RoPE base", c.ropeBase());
    switch (c.ropeScaling()) {
      case RopeScaling.None() -> {}
      case RopeScaling.Linear(double factor) -> positive(file, "RoPE scaling factor", factor);
      case RopeScaling.Llama3 s -> {
        positive(file, "RoPE scaling factor", s.factor());
        positive(file, "RoPE low frequency factor", s.lowFactor());
        positive(file, "RoPE high frequency factor", s.highFactor() - s.lowFactor());
        range(file, "RoPE original context", s.originalContext(), 1, CONTEXT_MAX);
      }
      case RopeScaling.Factors(float[] divisors) -> {
        for (float divisor : divisors) {
          positive(file, "RoPE divisor", divisor);
        }
      }
    }
    return c;
  }

  private static void range(String file, String what, int value, int min, int max) {
    if (value < min || value > max) {
      throw broken(
          file, String.format(Locale.ROOT, "%s %d, expected %d to %d", what, value, min, max));
    }
  }

  private static void positive(String file, String what, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw broken(file, what + " " + value + ", expected a positive number");
    }
  }

  private static FormatException broken(String file, String problem) {
    return new FormatException(file + ": " + problem + "; " + FormatException.FETCH_AGAIN);
  }
}
