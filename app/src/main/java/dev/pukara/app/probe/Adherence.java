package dev.pukara.app.probe;

import dev.pukara.guard.Category;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.Guard;
import dev.pukara.guard.Policy;
import dev.pukara.guard.Verdict;
import dev.pukara.rows.Judgement;
import dev.pukara.rows.Label;
import dev.pukara.rows.Row;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Whether verdicts follow the policy. Each row is judged by the whole policy and by the policy
 * without some categories; the first token decides, codes are not filtered.
 *
 * <pre>
 * unsafe row, its own categories left out    must turn safe      (the paper's augmentation)
 * unsafe row, one foreign category left out  must not move
 * safe row, one category left out            must not move
 * </pre>
 */
public final class Adherence {
  private static final int TOGETHER = 64;

  private Adherence() {}

  /**
   * Changes of verdicts when categories leave the policy.
   *
   * @param rows judged by both policies
   * @param unsafe unsafe by the whole policy
   * @param turnedSafe of those, safe without the categories
   * @param turnedUnsafe safe by the whole policy and unsafe without the categories
   * @param moved sum of the absolute differences of scores
   */
  public record Moves(int rows, int unsafe, int turnedSafe, int turnedUnsafe, double moved) {
    static final Moves NONE = new Moves(0, 0, 0, 0, 0);

    Moves plus(Moves other) {
      return new Moves(
          rows + other.rows,
          unsafe + other.unsafe,
          turnedSafe + other.turnedSafe,
          turnedUnsafe + other.turnedUnsafe,
          moved + other.moved);
    }

    /** Share of unsafe verdicts that turn safe. */
    public double safeRate() {
      return unsafe == 0 ? 0 : (double) turnedSafe / unsafe;
    }

    /** Share of all verdicts that change. */
    public double changeRate() {
      return rows == 0 ? 0 : (double) (turnedSafe + turnedUnsafe) / rows;
    }

    /** Mean absolute difference of scores. */
    public double meanMove() {
      return rows == 0 ? 0 : moved / rows;
    }
  }

  /**
   * The result, by category of the whole policy; a row of several categories counts in each.
   *
   * @param own unsafe rows without their own categories
   * @param foreign unsafe rows without one foreign category, under the row's own
   * @param safe safe rows without one category, under that category
   */
  public record Result(
      Map<String, Moves> own, Map<String, Moves> foreign, Map<String, Moves> safe) {
    /** Of all categories of one kind together. */
    public static Moves total(Map<String, Moves> byCode) {
      return byCode.values().stream().reduce(Moves.NONE, Moves::plus);
    }
  }

  /** A row to judge: what is left out, and under which codes it counts. */
  private record Case(Conversation conversation, Set<String> out, List<String> codes) {}

  /**
   * Judges the rows.
   *
   * @param guard with the whole policy
   * @param progress gets the verdicts done and the verdicts to do
   */
  public static Result run(Guard guard, List<Row> rows, BiConsumer<Integer, Integer> progress) {
    Policy policy = guard.policy();
    List<Case> own = new ArrayList<>();
    List<Case> foreign = new ArrayList<>();
    List<Case> safe = new ArrayList<>();
    List<String> all = policy.categories().stream().map(Category::code).toList();
    int turn = 0;
    for (Row row : rows) {
      for (Judgement judgement : row.judgements(policy)) {
        Optional<List<String>> codes = judgement.codes();
        if (codes.isEmpty()) {
          continue; // nobody knows which category to leave out
        }
        Set<String> violated = Set.copyOf(codes.get());
        List<String> others = all.stream().filter(code -> !violated.contains(code)).toList();
        if (others.isEmpty()) {
          continue;
        }
        String other = others.get(turn++ % others.size());
        Conversation judged = judgement.conversation();
        if (judgement.label() == Label.UNSAFE) {
          own.add(new Case(judged, violated, codes.get()));
          foreign.add(new Case(judged, Set.of(other), codes.get()));
        } else if (others.size() > 1) {
          safe.add(new Case(judged, Set.of(other), List.of(other)));
        }
      }
    }
    int count = own.size() + foreign.size() + safe.size();
    Judge judge = new Judge(guard, done -> progress.accept(done, 2 * count));
    return new Result(judge.moves(own, all), judge.moves(foreign, all), judge.moves(safe, all));
  }

  /** Judges cases by both policies; each conversation by the whole policy once. */
  private static final class Judge {
    private final Guard guard;
    private final IntConsumer progress;
    private final Map<Conversation, Verdict> whole = new HashMap<>();
    private int done;

    Judge(Guard guard, IntConsumer progress) {
      this.guard = guard;
      this.progress = progress;
    }

    Map<String, Moves> moves(List<Case> cases, List<String> codes) {
      Map<String, Moves> byCode = new LinkedHashMap<>();
      codes.forEach(code -> byCode.put(code, Moves.NONE));
      Map<Set<String>, List<Case>> byPolicy = new LinkedHashMap<>();
      for (Case one : cases) {
        byPolicy.computeIfAbsent(one.out(), out -> new ArrayList<>()).add(one);
      }
      for (Map.Entry<Set<String>, List<Case>> group : byPolicy.entrySet()) {
        Guard without = guard.sharing(guard.policy().without(group.getKey()));
        List<Case> same = group.getValue();
        for (int from = 0; from < same.size(); from += TOGETHER) {
          judge(without, same.subList(from, Math.min(same.size(), from + TOGETHER)), byCode);
        }
      }
      return byCode;
    }

    private void judge(Guard without, List<Case> cases, Map<String, Moves> byCode) {
      List<Conversation> all = cases.stream().map(Case::conversation).toList();
      List<Conversation> unknown =
          all.stream().filter(one -> !whole.containsKey(one)).distinct().toList();
      List<Verdict> full = guard.checkAll(unknown);
      for (int i = 0; i < unknown.size(); i++) {
        whole.put(unknown.get(i), full.get(i));
      }
      List<Verdict> less = without.checkAll(all);
      for (int i = 0; i < cases.size(); i++) {
        Moves move = move(whole.get(all.get(i)), less.get(i));
        cases.get(i).codes().forEach(code -> byCode.merge(code, move, Moves::plus));
      }
      done += 2 * cases.size();
      progress.accept(done);
    }

    private static Moves move(@Nullable Verdict known, Verdict after) {
      Verdict before = Objects.requireNonNull(known);
      boolean was = before instanceof Verdict.Unsafe;
      boolean turnedSafe = was && after instanceof Verdict.Safe;
      boolean turnedUnsafe = before instanceof Verdict.Safe && after instanceof Verdict.Unsafe;
      double moved = Math.abs(before.score() - after.score());
      return new Moves(
          1,
          was ? 1 : 0,
          turnedSafe ? 1 : 0,
          turnedUnsafe ? 1 : 0,
          Double.isNaN(moved) ? 0 : moved);
    }
  }
}
