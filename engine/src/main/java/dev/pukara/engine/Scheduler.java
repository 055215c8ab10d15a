package dev.pukara.engine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides which tokens of which sequences go through the next forward pass. Plain state: no thread,
 * clock or tensor.
 *
 * <p>Fair between short and long: what lacks only branches ends first; then every admitted sequence
 * gets an equal share of the step, in order of arrival; what the short ones leave goes to the long
 * ones. Callers who left and requests past their deadline are dropped before any work.
 */
final class Scheduler {
  /** Smallest share worth a row of its own in a step. */
  private static final int SHARE_MIN = 32;

  /** Steps' worth of work that is admitted ahead; more would only hold memory. */
  private static final int ADMITTED_STEPS = 4;

  /**
   * A sequence's part of a step: the next {@code stemTokens} of the stem, then {@code branches}
   * branches (which run in the same pass as the end of the stem).
   */
  record Work(Sequence sequence, int stemTokens, int branches) {}

  private final int stepTokensMax;
  private final List<Sequence> waiting = new ArrayList<>();
  private final List<Sequence> running = new ArrayList<>();

  Scheduler(int stepTokensMax) {
    this.stepTokensMax = stepTokensMax;
  }

  /** Takes a sequence in. */
  void add(Sequence sequence) {
    waiting.add(sequence);
  }

  /** Sequences that wait or run. */
  int size() {
    return waiting.size() + running.size();
  }

  /** True if a sequence holds memory. */
  boolean isRunning() {
    return !running.isEmpty();
  }

  /**
   * Removes and returns what nobody waits for any more or what is too late. A prefix that runs is
   * computed to its end all the same: most of the work is done, and the next request may want it.
   */
  List<Sequence> drop(long now) {
    List<Sequence> dropped = new ArrayList<>();
    Predicate<Sequence> gone = sequence -> sequence.cancelled() || sequence.expired(now);
    move(running, gone, dropped);
    move(waiting, gone, dropped);
    Set<@Nullable Sequence> awaited = new HashSet<>();
    waiting.forEach(sequence -> awaited.add(sequence.waitsFor));
    move(waiting, sequence -> sequence.isPrefix() && !awaited.contains(sequence), dropped);
    return dropped;
  }

  private static void move(List<Sequence> from, Predicate<Sequence> which, List<Sequence> to) {
    from.removeIf(sequence -> which.test(sequence) && to.add(sequence));
  }

  /** Removes and returns everything. */
  List<Sequence> drain() {
    List<Sequence> all = new ArrayList<>(running);
    all.addAll(waiting);
    running.clear();
    waiting.clear();
    return all;
  }

  /**
   * The next step; empty if there is nothing to do or nothing fits.
   *
   * @param admit gives a sequence its memory; false if there is none now or it must wait for a
   *     prefix
   */
  List<Work> next(Predicate<Sequence> admit) {
    admit(admit);
    int[] stems = new int[running.size()];
    int[] branches = new int[running.size()];
    // Stems would take all of every step while more keep coming, and who waits here holds memory.
    int left = addBranches(branches, stems, stepTokensMax);
    left = shareOut(stems, left);
    addBranches(branches, stems, left);
    List<Work> step = new ArrayList<>();
    for (int i = 0; i < stems.length; i++) {
      if (stems[i] > 0 || branches[i] > 0) {
        step.add(new Work(running.get(i), stems[i], branches[i]));
      }
    }
    return step;
  }

  /**
   * Fills in the branches of running sequences whose stem ends with {@code stems}; returns what is
   * left of the step.
   */
  private int addBranches(int[] branches, int[] stems, int most) {
    int left = most;
    for (int i = 0; i < branches.length; i++) {
      Sequence sequence = running.get(i);
      if (branches[i] == 0 && stems[i] == sequence.stemLeft()) {
        branches[i] = branchesThatFit(sequence, left);
        left -= branchTokens(sequence, branches[i]);
      }
    }
    return left;
  }

  private void admit(Predicate<Sequence> admit) {
    // A long sequence counts as one step, so that it does not keep short ones from being admitted.
    int wanted = 0;
    for (Sequence sequence : running) {
      wanted += Math.min(stepTokensMax, tokensLeft(sequence));
    }
    Iterator<Sequence> each = waiting.iterator();
    while (each.hasNext() && wanted < ADMITTED_STEPS * stepTokensMax) {
      Sequence sequence = each.next();
      if (admit.test(sequence)) {
        each.remove();
        running.add(sequence);
        wanted += Math.min(stepTokensMax, tokensLeft(sequence));
      }
    }
  }

  private static int tokensLeft(Sequence sequence) {
    return sequence.stemLeft() + branchTokens(sequence, sequence.branchesLeft());
  }

  /**
   * Fills in how many stem tokens each running sequence computes; returns what is left of the step.
   */
  private int shareOut(int[] stems, int most) {
    int left = most;
    int share = Math.max(SHARE_MIN, stepTokensMax / Math.max(1, running.size()));
    for (int pass = 0; pass < 2; pass++) {
      for (int i = 0; i < stems.length && left > 0; i++) {
        int open = running.get(i).stemLeft() - stems[i];
        int take = Math.min(left, pass == 0 ? Math.min(open, share) : open);
        stems[i] += take;
        left -= take;
      }
    }
    return left;
  }

  private static int branchesThatFit(Sequence sequence, int left) {
    int count = 0;
    int tokens = 0;
    while (count < sequence.branchesLeft()) {
      tokens += sequence.request.branches().get(sequence.branchesDone + count).length;
      if (tokens > left) {
        break;
      }
      count++;
    }
    return count;
  }

  private static int branchTokens(Sequence sequence, int count) {
    int tokens = 0;
    for (int i = 0; i < count; i++) {
      tokens += sequence.request.branches().get(sequence.branchesDone + i).length;
    }
    return tokens;
  }

  /** Notes that a step was computed; returns the sequences that are finished, which leave. */
  List<Sequence> complete(List<Work> step) {
    List<Sequence> finished = new ArrayList<>();
    for (Work work : step) {
      Sequence sequence = work.sequence();
      sequence.computed += work.stemTokens();
      sequence.branchesDone += work.branches();
      if (sequence.finished()) {
        finished.add(sequence);
      }
    }
    running.removeAll(finished);
    return finished;
  }

  /**
   * Sends the latest of the running sequences but {@code first} back to the head of those that
   * wait; empty if no other runs.
   */
  Optional<Sequence> postpone(Sequence first) {
    for (int i = running.size() - 1; i >= 0; i--) {
      Sequence sequence = running.get(i);
      if (sequence != first) {
        running.remove(i);
        waiting.addFirst(sequence);
        return Optional.of(sequence);
      }
    }
    return Optional.empty();
  }

  /** Takes a sequence out, wherever it is. */
  void remove(Sequence sequence) {
    waiting.remove(sequence);
    running.remove(sequence);
  }
}
