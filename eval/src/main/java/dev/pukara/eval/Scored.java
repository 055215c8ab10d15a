package dev.pukara.eval;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Scores, labels and decisions as arrays, one entry a message.
 *
 * @param scores probability of unsafe
 * @param unsafe labels
 * @param flagged the contender's own verdicts: unsafe, or unreadable
 */
record Scored(double[] scores, boolean[] unsafe, boolean[] flagged) {
  static Scored of(List<Prediction> predictions) {
    return of(predictions, Prediction::score);
  }

  static Scored of(List<Prediction> predictions, ToDoubleFunction<Prediction> score) {
    int size = predictions.size();
    Scored scored = new Scored(new double[size], new boolean[size], new boolean[size]);
    for (int i = 0; i < size; i++) {
      scored.scores[i] = score.applyAsDouble(predictions.get(i));
      scored.unsafe[i] = predictions.get(i).isUnsafe();
      scored.flagged[i] = predictions.get(i).isFlagged();
    }
    return scored;
  }

  int size() {
    return scores.length;
  }

  Ranking ranking() {
    return new Ranking(scores, unsafe);
  }
}
