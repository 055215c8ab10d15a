package dev.pukara.eval;

import dev.pukara.rows.Judgement;
import dev.pukara.rows.Label;
import dev.pukara.rows.Task;
import java.util.List;
import java.util.Optional;

/**
 * One line of {@code predictions.jsonl}: everything that metrics need, no text.
 *
 * @param id of the row
 * @param task which of the row's messages
 * @param label what is right
 * @param codes violated categories; empty if nobody knows
 * @param rating what the contender said
 */
record Prediction(String id, Task task, Label label, Optional<List<String>> codes, Rating rating) {
  Prediction(String id, Judgement judgement, Rating rating) {
    this(id, judgement.task(), judgement.label(), judgement.codes(), rating);
  }

  boolean isUnsafe() {
    return label == Label.UNSAFE;
  }

  /** What is not plainly called safe is stopped. */
  boolean isFlagged() {
    return !rating.verdict().equals(Rating.SAFE);
  }

  /** The score; what cannot be read is stopped, so it ranks with the surest. */
  double score() {
    return rating.score().orElse(1);
  }

  /** Tells the predictions of a set apart. */
  String key() {
    return key(task, id);
  }

  static String key(Task task, String id) {
    return task.id() + " " + id;
  }
}
