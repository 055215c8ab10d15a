package dev.pukara.engine;

import dev.pukara.model.Llama;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The output heads in use: one small matrix per set of candidate tokens, and the whole one when it
 * is needed.
 */
final class Heads implements AutoCloseable {
  private static final int KEPT_MAX = 64;

  private final Llama model;
  private final Consumer<Llama.Head> whenNew;
  private final LinkedHashMap<List<Integer>, Llama.Head> kept =
      new LinkedHashMap<>(16, 0.75f, true);
  private Llama.@Nullable Head full;

  /** Heads of {@code model}; {@code whenNew} is told of each when it is made. */
  Heads(Llama model, Consumer<Llama.Head> whenNew) {
    this.model = model;
    this.whenNew = whenNew;
  }

  /** Fills in the logits of all questions; those with the same candidates share one product. */
  void answer(List<Batch.Question> questions) {
    Map<List<Integer>, List<Batch.Question>> byCandidates = new LinkedHashMap<>();
    List<Batch.Question> normalized = new ArrayList<>();
    for (Batch.Question question : questions) {
      Request request = question.sequence().request;
      List<Integer> candidates = Arrays.stream(request.candidates()).boxed().toList();
      byCandidates.computeIfAbsent(candidates, key -> new ArrayList<>()).add(question);
      if (request.normalize()) {
        normalized.add(question);
      }
    }
    byCandidates.forEach(
        (candidates, asked) -> {
          float[][] logits = model.logits(rows(asked), head(candidates));
          for (int i = 0; i < logits.length; i++) {
            asked.get(i).sequence().logits[asked.get(i).branch()] = logits[i];
          }
        });
    if (!normalized.isEmpty()) {
      float[][] logits = model.logits(rows(normalized), head(List.of()));
      for (int i = 0; i < logits.length; i++) {
        Batch.Question question = normalized.get(i);
        question.sequence().normalizers[question.branch()] = logSumExp(logits[i]);
      }
    }
  }

  private static int[] rows(List<Batch.Question> questions) {
    return questions.stream().mapToInt(Batch.Question::row).toArray();
  }

  private Llama.Head head(List<Integer> candidates) {
    if (candidates.isEmpty()) {
      if (full == null) {
        full = model.fullHead();
        whenNew.accept(full);
      }
      return full;
    }
    Llama.Head head = kept.get(candidates);
    if (head == null) {
      head = model.head(candidates.stream().mapToInt(Integer::intValue).toArray());
      kept.put(candidates, head);
      whenNew.accept(head);
      if (kept.size() > KEPT_MAX) {
        kept.pollFirstEntry().getValue().close();
      }
    }
    return head;
  }

  private static double logSumExp(float[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    return max + Math.log(sum);
  }

  @Override
  public void close() {
    kept.values().forEach(Llama.Head::close);
    if (full != null) {
      full.close();
    }
  }
}
