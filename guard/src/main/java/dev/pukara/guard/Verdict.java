package dev.pukara.guard;

import java.util.List;

/**
 * What the guard says of the last message of a conversation. An unreadable answer of the model is
 * never safe.
 */
public sealed interface Verdict {
  /** Probability that the message is unsafe, 0 to 1; NaN if unreadable. */
  double score();

  /** How it came about. */
  Trace trace();

  /** The message violates no category. */
  record Safe(double score, Trace trace) implements Verdict {}

  /**
   * The message violates the policy.
   *
   * @param categories violated ones, most likely first; at least one
   */
  record Unsafe(double score, List<CategoryScore> categories, Trace trace) implements Verdict {
    /** Copies the list. */
    public Unsafe {
      categories = List.copyOf(categories);
    }
  }

  /**
   * The model's answer cannot be read.
   *
   * @param reason for people
   */
  record Unreadable(String reason, Trace trace) implements Verdict {
    @Override
    public double score() {
      return Double.NaN;
    }
  }
}
