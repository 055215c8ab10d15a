package dev.pukara.train;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** Which weights a training moves. */
public sealed interface Tuning {
  /** Everything. */
  Tuning FULL = new Full(false);

  /**
   * All weights.
   *
   * @param frozenEmbedding true: but not the embedding (and the head that is tied to it)
   */
  record Full(boolean frozenEmbedding) implements Tuning {}

  /**
   * Low-rank adaptation (arXiv 2106.09685): {@code W + alpha / rank * B A}; A is random, B zero at
   * first, everything else stays as it is.
   *
   * @param rank rows of A, columns of B
   * @param alpha strength
   * @param targets names of the matrices, of {@link #MATRICES}
   */
  record Lora(int rank, double alpha, Set<String> targets) implements Tuning {
    /** Every matrix that can have an adapter. */
    public static final List<String> MATRICES =
        List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");

    /** Checks the names; the copy is sorted, so that every process prints the same recipe. */
    public Lora {
      targets = Collections.unmodifiableSet(new TreeSet<>(targets));
      if (rank < 1 || !(alpha > 0) || targets.isEmpty() || !MATRICES.containsAll(targets)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "LoRA of rank %d, alpha %s, on %s: expected a rank from 1, an alpha above 0 and"
                    + " some of %s",
                rank,
                alpha,
                targets.stream().sorted().toList(),
                MATRICES));
      }
    }

    /** On all matrices, {@code alpha = 2 rank}. */
    public static Lora of(int rank) {
      return new Lora(rank, 2.0 * rank, new TreeSet<>(MATRICES));
    }
  }
}
