package dev.pukara.train;

import dev.pukara.kernels.RowTree;
import java.util.List;
import java.util.Locale;

/**
 * What goes through the model at once: tokens as a tree, and what should follow some of them.
 * {@link BatchBuilder} lays one out.
 *
 * @param tree who sees whom
 * @param tokens one for each row of the tree; padding rows hold any token, see only themselves and
 *     are seen by nobody
 * @param targets at least one
 */
public record TrainBatch(RowTree tree, int[] tokens, List<Target> targets) {
  /** Checks that every row has a token and every target a row. */
  public TrainBatch {
    targets = List.copyOf(targets);
    if (tokens.length != tree.rows() || targets.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "batch of %d rows: %d tokens, %d targets",
              tree.rows(),
              tokens.length,
              targets.size()));
    }
    for (Target target : targets) {
      if (target.row() >= tokens.length) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT, "target at row %d of a batch of %d", target.row(), tokens.length));
      }
    }
  }
}
