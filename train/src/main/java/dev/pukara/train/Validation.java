package dev.pukara.train;

import dev.pukara.train.LessonEncoder.Encoded;
import dev.pukara.train.LessonEncoder.Kind;
import dev.pukara.train.RunListener.PolicyScore;
import dev.pukara.train.data.Draft;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Judges the held-out cases with the model as it is. */
final class Validation {
  /** Score from which F1 counts a case as unsafe. */
  private static final double THRESHOLD = 0.5;

  private record Part(String policy, Encoded encoded) {}

  private final List<Part> parts = new ArrayList<>();
  private final RankMetric auprc;

  Validation(List<Draft> drafts, LessonEncoder encoder, int rowsMultiple, RankMetric auprc) {
    this.auprc = auprc;
    for (Draft draft : drafts) {
      String policy = draft.groups().getFirst().policy().id();
      parts.add(new Part(policy, encoder.encode(draft, rowsMultiple)));
    }
  }

  boolean isEmpty() {
    return parts.isEmpty();
  }

  /** Scores and labels of one policy. */
  private static final class Judged {
    final List<Double> scores = new ArrayList<>();
    final List<Boolean> unsafe = new ArrayList<>();
    double loss;
  }

  List<PolicyScore> run(Trainer trainer) {
    Map<String, Judged> policies = new LinkedHashMap<>();
    for (Part part : parts) {
      Judged judged = policies.computeIfAbsent(part.policy(), key -> new Judged());
      TrainBatch batch = part.encoded().batch();
      float[][] logits = trainer.logits(batch);
      for (int i = 0; i < logits.length; i++) {
        if (part.encoded().kinds().get(i) == Kind.VERDICT) {
          Target target = batch.targets().get(i);
          judged.scores.add(Target.softmax(logits[i])[1]);
          judged.unsafe.add(target.answer() == 1);
          judged.loss += target.loss(logits[i]);
        }
      }
    }
    List<PolicyScore> scores = new ArrayList<>();
    policies.forEach((policy, judged) -> scores.add(score(policy, judged)));
    return scores;
  }

  private PolicyScore score(String policy, Judged judged) {
    int cases = judged.scores.size();
    double[] scores = new double[cases];
    boolean[] labels = new boolean[cases];
    int unsafe = 0;
    int hits = 0;
    int flagged = 0;
    for (int i = 0; i < cases; i++) {
      scores[i] = judged.scores.get(i);
      labels[i] = judged.unsafe.get(i);
      unsafe += labels[i] ? 1 : 0;
      flagged += scores[i] >= THRESHOLD ? 1 : 0;
      hits += labels[i] && scores[i] >= THRESHOLD ? 1 : 0;
    }
    double f1 = unsafe + flagged == 0 ? Double.NaN : 2.0 * hits / (unsafe + flagged);
    // A ranking needs both kinds.
    double area = unsafe == 0 || unsafe == cases ? Double.NaN : auprc.of(scores, labels);
    return new PolicyScore(policy, cases, unsafe, judged.loss / cases, area, f1);
  }
}
