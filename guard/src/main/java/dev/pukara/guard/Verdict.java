package dev.pukara.guard;

import java.util.List;

/**
 * What the guard says of the last message of a conversation. An unreadable answer of the model is
 * never safe.
 */
public sealed interface Verdict {
  /** Probability that the message is unsafe, 0 to 1; NaN if unreadable. */
  double score();

  /**
   * Every category's score by itself, in the policy's order; empty if not computed. An unsafe
   * message's may lack some ({@link Unsafe#unreadable}).
   */
  List<CategoryScore> categoryScores();

  /** What the policy says to do with the message. */
  Action action();

  /** How it came about. */
  Trace trace();

  /** The message violates no category. */
  record Safe(double score, List<CategoryScore> categoryScores, Trace trace) implements Verdict {
    /** Copies the list. */
    public Safe {
      categoryScores = List.copyOf(categoryScores);
    }

    @Override
    public Action action() {
      return Action.ALLOW;
    }
  }

  /**
   * The message violates the policy.
   *
   * @param categories violated ones, likeliest first; empty only if categories are never computed
   *     or some could not be read
   * @param unreadable codes of the categories whose scores could not be read, and are missing
   * @param crossings the thresholds that were reached, the global one first; at least one
   * @param action the strictest of the violated and unreadable categories'
   */
  record Unsafe(
      double score,
      List<CategoryScore> categories,
      List<CategoryScore> categoryScores,
      List<String> unreadable,
      List<Crossing> crossings,
      Action action,
      Trace trace)
      implements Verdict {
    /** Copies the lists. */
    public Unsafe {
      categories = List.copyOf(categories);
      categoryScores = List.copyOf(categoryScores);
      unreadable = List.copyOf(unreadable);
      crossings = List.copyOf(crossings);
    }
  }

  /**
   * The model's answer cannot be read.
   *
   * @param reason for people
   * @param mayPass true if the same question may succeed later: the model's server is down, too
   *     slow or overloaded
   * @param action {@link Action#BLOCK}, or {@link Action#ALLOW} if the guard fails open
   */
  record Unreadable(String reason, boolean mayPass, Action action, Trace trace) implements Verdict {
    @Override
    public double score() {
      return Double.NaN;
    }

    @Override
    public List<CategoryScore> categoryScores() {
      return List.of();
    }
  }
}
