package dev.pukara.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Tokens as the key of a map. The array is nobody else's to change. */
record TokenKey(int[] tokens) {
  /** The first {@code count} of {@code tokens}. */
  static TokenKey of(int[] tokens, int count) {
    return new TokenKey(Arrays.copyOf(tokens, count));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TokenKey(int[] others) && Arrays.equals(tokens, others);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(tokens);
  }
}
