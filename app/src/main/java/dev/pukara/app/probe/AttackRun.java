package dev.pukara.app.probe;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.Finding;
import dev.pukara.guard.Guard;
import dev.pukara.guard.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntConsumer;

/** Runs attacks against a guard and counts what gets through. */
public final class AttackRun {
  /** Conversations in the engine's queue together. */
  private static final int TOGETHER = 32;

  private AttackRun() {}

  /**
   * What became of attacks.
   *
   * @param rows attacks
   * @param caught originals that are unsafe when nobody attacks
   * @param flips of those, attacks that come out safe
   * @param twinsUnsafe harmless twins that come out unsafe under the same attack
   * @param lower attacks that score lower in all forms together than as written: always 0
   */
  public record Counts(int rows, int caught, int flips, int twinsUnsafe, int lower) {
    static final Counts NONE = new Counts(0, 0, 0, 0, 0);

    Counts plus(Counts other) {
      return new Counts(
          rows + other.rows,
          caught + other.caught,
          flips + other.flips,
          twinsUnsafe + other.twinsUnsafe,
          lower + other.lower);
    }

    /** Share of caught originals that an attack turns safe. */
    public double flipRate() {
      return caught == 0 ? 0 : (double) flips / caught;
    }

    /** Share of twins that come out unsafe. */
    public double twinRate() {
      return rows == 0 ? 0 : (double) twinsUnsafe / rows;
    }
  }

  /**
   * The result.
   *
   * @param all of all attacks
   * @param kinds by kind of attack, in alphabetical order
   * @param flipped ids of the attacks that got through
   */
  public record Result(Counts all, Map<String, Counts> kinds, List<String> flipped) {}

  /**
   * Runs them.
   *
   * @param progress gets the number of attacks done
   */
  public static Result run(Guard guard, List<AttackRow> rows, IntConsumer progress) {
    Map<Conversation, Boolean> originals = new LinkedHashMap<>();
    Map<String, Counts> kinds = new TreeMap<>();
    List<String> flipped = new ArrayList<>();
    Counts all = Counts.NONE;
    for (int from = 0; from < rows.size(); from += TOGETHER) {
      List<AttackRow> some = rows.subList(from, Math.min(rows.size(), from + TOGETHER));
      judgeOriginals(guard, some, originals);
      List<Verdict> attacked = guard.checkAll(some.stream().map(AttackRow::attacked).toList());
      List<Verdict> twins = guard.checkAll(some.stream().map(AttackRow::twin).toList());
      for (int i = 0; i < some.size(); i++) {
        AttackRow row = some.get(i);
        boolean caught = originals.getOrDefault(row.original(), false);
        boolean flip = caught && attacked.get(i) instanceof Verdict.Safe;
        if (flip) {
          flipped.add(row.id());
        }
        Counts one =
            new Counts(
                1,
                caught ? 1 : 0,
                flip ? 1 : 0,
                isUnsafe(twins.get(i)) ? 1 : 0,
                isLower(attacked.get(i)) ? 1 : 0);
        kinds.merge(row.kind(), one, Counts::plus);
        all = all.plus(one);
      }
      progress.accept(from + some.size());
    }
    return new Result(all, kinds, flipped);
  }

  /**
   * Special tokens that the texts of attacks and twins become: none, or the tokenizer is broken.
   *
   * @param model file of the guard's model
   */
  public static long specialTokens(Path model, Guard guard, List<AttackRow> rows)
      throws IOException {
    List<Conversation> texts = new ArrayList<>();
    rows.forEach(row -> texts.addAll(List.of(row.attacked(), row.twin())));
    return Guard.specialTokens(model, guard.format(), guard.policy(), texts);
  }

  private static void judgeOriginals(
      Guard guard, List<AttackRow> rows, Map<Conversation, Boolean> known) {
    List<Conversation> unknown =
        rows.stream()
            .map(AttackRow::original)
            .filter(original -> !known.containsKey(original))
            .distinct()
            .toList();
    List<Verdict> verdicts = guard.checkAll(unknown);
    for (int i = 0; i < unknown.size(); i++) {
      known.put(unknown.get(i), isUnsafe(verdicts.get(i)));
    }
  }

  private static boolean isUnsafe(Verdict verdict) {
    return verdict instanceof Verdict.Unsafe;
  }

  private static boolean isLower(Verdict verdict) {
    return verdict.trace().findings().stream()
        .filter(finding -> finding.form().equals(Finding.AS_WRITTEN))
        .anyMatch(finding -> finding.score() > verdict.score());
  }
}
