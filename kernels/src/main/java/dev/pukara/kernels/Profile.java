package dev.pukara.kernels;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Where the time of forward passes goes, phase by phase. Filled by {@link ProfiledKernels}; one
 * thread at a time.
 */
public final class Profile {
  /** What the time is spent on. */
  public enum Phase {
    /** Looking tokens up. */
    EMBEDDING("embedding"),
    /** RMSNorm, and the quantising of its result. */
    NORM("norm, quantise"),
    /** The linear layers of the blocks. */
    LINEAR("linear layers"),
    /** Rotating queries and keys, storing keys and values. */
    ROPE("RoPE, store K and V"),
    /** Scores, softmax, mixing of values, and the quantising of the result. */
    ATTENTION("attention, quantise"),
    /** SwiGLU, and the quantising of its result. */
    SWIGLU("SwiGLU, quantise"),
    /** Logits of the answer tokens. */
    HEAD("output head");

    private final String label;

    Phase(String label) {
      this.label = label;
    }

    /** Name for reports. */
    public String label() {
      return label;
    }
  }

  /**
   * Time of a phase, summed over all members of the team, in nanoseconds.
   *
   * @param total members x time on the clock
   * @param products of it, in matrix products
   * @param waiting of it, in members that had nothing to do
   */
  public record Spent(Phase phase, long total, long products, long waiting) {}

  private final Map<Phase, Spent> spent = new EnumMap<>(Phase.class);

  void add(Phase phase, long total, long products, long waiting) {
    spent.merge(
        phase,
        new Spent(phase, total, products, waiting),
        (a, b) ->
            new Spent(phase, a.total + b.total, a.products + b.products, a.waiting + b.waiting));
  }

  /** Forgets everything. */
  public void clear() {
    spent.clear();
  }

  /** The phases that occurred. */
  public List<Spent> phases() {
    return new ArrayList<>(spent.values());
  }
}
