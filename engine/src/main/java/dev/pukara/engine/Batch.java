package dev.pukara.engine;

import dev.pukara.kernels.KvSpan;
import dev.pukara.kernels.Slice;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * One forward pass: the step's tokens, who may see what, and the rows whose logits are wanted.
 *
 * @param tokens all rows
 * @param slices one per stem part and per branch
 * @param questions rows to read
 * @param branchSpans keys and values of branches, given back after the pass
 * @param done the step as it will be computed (without branches for which there was no memory)
 */
record Batch(
    int[] tokens,
    List<Slice> slices,
    List<Question> questions,
    List<KvSpan> branchSpans,
    List<Scheduler.Work> done) {

  /** Row {@code row} answers branch {@code branch} (0 if there are none) of a sequence. */
  record Question(Sequence sequence, int branch, int row) {}

  static Batch of(List<Scheduler.Work> step, PrefixMemory memory) {
    Builder builder = new Builder(memory);
    try {
      return builder.build(step);
    } catch (RuntimeException | Error e) {
      builder.branchSpans.forEach(memory::give);
      throw e;
    }
  }

  private static final class Builder {
    private final PrefixMemory memory;
    private final List<int[]> tokens = new ArrayList<>();
    private final List<Slice> slices = new ArrayList<>();
    private final List<Question> questions = new ArrayList<>();
    private final List<KvSpan> branchSpans = new ArrayList<>();
    private int rows;

    Builder(PrefixMemory memory) {
      this.memory = memory;
    }

    Batch build(List<Scheduler.Work> step) {
      List<Scheduler.Work> done = new ArrayList<>();
      for (Scheduler.Work work : step) {
        stem(work);
        int branches = branches(work);
        if (work.stemTokens() > 0 || branches > 0) {
          done.add(new Scheduler.Work(work.sequence(), work.stemTokens(), branches));
        }
      }
      int[] all = new int[rows];
      int at = 0;
      for (int[] part : tokens) {
        System.arraycopy(part, 0, all, at, part.length);
        at += part.length;
      }
      return new Batch(all, slices, questions, branchSpans, done);
    }

    private void stem(Scheduler.Work work) {
      Sequence sequence = work.sequence();
      int count = work.stemTokens();
      if (count == 0) {
        return;
      }
      int[] part = new int[count];
      System.arraycopy(sequence.tokens, sequence.cached + sequence.computed, part, 0, count);
      KvSpan own = Objects.requireNonNull(sequence.own);
      add(part, context(sequence), own, sequence.copied() + sequence.computed);
      boolean last = count == sequence.stemLeft();
      if (last && !sequence.isPrefix() && sequence.request.branches().isEmpty()) {
        questions.add(new Question(sequence, 0, rows - 1));
      }
    }

    private int branches(Scheduler.Work work) {
      Sequence sequence = work.sequence();
      int stem = sequence.tokens.length - sequence.shared;
      for (int i = 0; i < work.branches(); i++) {
        int[] branch = sequence.request.branches().get(sequence.branchesDone + i);
        KvSpan span = memory.take(branch.length);
        if (span == null) {
          return i;
        }
        branchSpans.add(span);
        List<Slice.Part> context = new ArrayList<>(context(sequence));
        context.add(new Slice.Part(Objects.requireNonNull(sequence.own), stem));
        add(branch, context, span, 0);
        questions.add(new Question(sequence, sequence.branchesDone + i, rows - 1));
      }
      return work.branches();
    }

    private void add(int[] part, List<Slice.Part> context, KvSpan own, int ownStart) {
      slices.add(new Slice(rows, part.length, context, own, ownStart));
      tokens.add(part);
      rows += part.length;
    }

    /** The policy, which is one piece. */
    private static List<Slice.Part> context(Sequence sequence) {
      if (sequence.shared == 0) {
        return List.of();
      }
      PrefixCache.Match<KvSpan> match = Objects.requireNonNull(sequence.match);
      return List.of(new Slice.Part(match.parts().getFirst().span(), sequence.shared));
    }
  }
}
