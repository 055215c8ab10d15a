package dev.pukara.guard;

import dev.pukara.engine.EngineException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/**
 * Scores every form of a conversation and finds the decisive one: of the unsafe ones the strictest,
 * else one that is unreadable, and among equals the highest.
 *
 * <p>Where all categories block, and none has a threshold of its own, the message's score says
 * which form that is, and categories are asked about that one alone. Otherwise a form that is to be
 * flagged could hide one that is to be blocked, so they are asked about every form for which they
 * matter.
 *
 * <p>The user's turns read as one message would carry an old bad turn on for ever. So when only the
 * joined form is unsafe, the turns that are unsafe by themselves are left out of it: they were
 * judged when they came.
 */
final class Examiner {
  /** Forms that are in the engine's queue together. */
  private static final int TOGETHER_MAX = 64;

  /** The same for their categories, each of which may be a prompt of its own. */
  private static final int CATEGORIES_TOGETHER_MAX = 4;

  private final Scorer scorer;
  private final Judge judge;
  private final Forms forms;

  Examiner(Scorer scorer, Judge judge, Forms forms) {
    this.scorer = scorer;
    this.judge = judge;
    this.forms = forms;
  }

  /**
   * A form and what the model says of it.
   *
   * @param categories empty if not asked for
   */
  private record Scored(Form form, Odds odds, List<Odds> categories, Cost cost) {}

  CompletableFuture<Evidence> examine(Conversation conversation) {
    return score(forms.of(conversation))
        .thenCompose(
            scored -> {
              Scored decisive = sorted(scored).getFirst();
              return isJoined(decisive) && isUnsafe(decisive)
                  ? withoutOldTurns(conversation, scored, decisive.form().turn())
                  : evidence(scored, Cost.NONE);
            });
  }

  private boolean isUnsafe(Scored scored) {
    return verdict(scored) instanceof Verdict.Unsafe;
  }

  private Verdict verdict(Scored scored) {
    return judge.verdict(scored.odds(), scored.categories());
  }

  private static boolean isJoined(Scored scored) {
    return scored.form().name().startsWith(Forms.JOINED);
  }

  /** Judges the earlier turns by themselves, and the joined form of those that are safe. */
  private CompletableFuture<Evidence> withoutOldTurns(
      Conversation conversation, List<Scored> scored, int turn) {
    List<Message> portions = Forms.portions(conversation.upTo(turn));
    List<Message> earlier = portions.subList(0, portions.size() - 1);
    List<Form> alone = new ArrayList<>();
    List<Integer> owner = new ArrayList<>();
    for (int i = 0; i < earlier.size(); i++) {
      Conversation single = Conversation.user(earlier.get(i).text());
      for (Form form : forms.readings(new Form("an earlier turn alone", turn, single))) {
        alone.add(form);
        owner.add(i);
      }
    }
    return score(alone)
        .thenCompose(
            judged -> {
              boolean[] bad = new boolean[earlier.size()];
              for (int i = 0; i < judged.size(); i++) {
                bad[owner.get(i)] |= isUnsafe(judged.get(i));
              }
              List<Message> kept = new ArrayList<>();
              for (int i = 0; i < earlier.size(); i++) {
                if (!bad[i]) {
                  kept.add(earlier.get(i));
                }
              }
              if (kept.size() == earlier.size()) {
                return evidence(scored, cost(judged));
              }
              List<Scored> others = new ArrayList<>(scored);
              others.removeIf(one -> isJoined(one) && one.form().turn() == turn);
              List<Scored> dropped = new ArrayList<>(scored);
              dropped.removeAll(others);
              Cost spent = cost(judged).plus(cost(dropped));
              return rejoined(others, kept, portions.getLast(), turn, spent);
            });
  }

  private CompletableFuture<Evidence> rejoined(
      List<Scored> others, List<Message> kept, Message last, int turn, Cost spent) {
    if (kept.isEmpty()) {
      return evidence(others, spent);
    }
    kept.add(last);
    return score(forms.joined(kept, turn))
        .thenCompose(
            again -> {
              List<Scored> all = new ArrayList<>(others);
              all.addAll(again);
              return evidence(all, spent);
            });
  }

  private CompletableFuture<List<Scored>> score(List<Form> all) {
    return inPortions(all, TOGETHER_MAX, this::message)
        .thenCompose(
            scored -> {
              boolean unsafe = scored.stream().anyMatch(one -> judge.isUnsafe(one.odds()));
              return inPortions(
                  scored,
                  CATEGORIES_TOGETHER_MAX,
                  one ->
                      judge.needsCategories(one.odds())
                          ? withCategories(one, unsafe)
                          : CompletableFuture.completedFuture(one));
            });
  }

  /** In portions, so that a book does not fill the engine's queue. */
  private static <T> CompletableFuture<List<Scored>> inPortions(
      List<T> all, int most, Function<T, CompletableFuture<Scored>> ask) {
    if (all.size() <= most) {
      return together(all, ask);
    }
    return together(all.subList(0, most), ask)
        .thenCompose(
            first ->
                inPortions(all.subList(most, all.size()), most, ask)
                    .thenApply(
                        rest -> {
                          List<Scored> scored = new ArrayList<>(first);
                          scored.addAll(rest);
                          return scored;
                        }));
  }

  private static <T> CompletableFuture<List<Scored>> together(
      List<T> some, Function<T, CompletableFuture<Scored>> ask) {
    List<CompletableFuture<Scored>> asked = some.stream().map(ask).toList();
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(done -> asked.stream().map(CompletableFuture::join).toList());
  }

  private CompletableFuture<Scored> message(Form form) {
    return scorer
        .message(form.conversation())
        .thenApply(
            reading -> new Scored(form, reading.odds().getFirst(), List.of(), reading.cost()));
  }

  /**
   * Asks about the categories of one form.
   *
   * @param unsafe true if the verdict will be unsafe in any case. It stays so, even if nobody can
   *     tell any more what is violated
   */
  private CompletableFuture<Scored> withCategories(Scored scored, boolean unsafe) {
    CompletableFuture<Reading> asked =
        CompletableFuture.completedFuture(scored.form().conversation())
            .thenCompose(scorer::categories);
    return (unsafe ? asked.exceptionally(this::unanswered) : asked)
        .thenApply(
            reading ->
                new Scored(
                    scored.form(),
                    scored.odds(),
                    reading.odds(),
                    scored.cost().plus(reading.cost())));
  }

  /** For each category that the engine did not answer. */
  private Reading unanswered(Throwable failure) {
    if (failure instanceof CompletionException
        && failure.getCause() instanceof EngineException engine) {
      return scorer.noCategories(String.valueOf(engine.getMessage()));
    }
    throw failure instanceof CompletionException known ? known : new CompletionException(failure);
  }

  /** The decisive one first. */
  private List<Scored> sorted(List<Scored> scored) {
    return scored.stream()
        .sorted(
            Comparator.<Scored>comparingInt(one -> rank(verdict(one)))
                .thenComparing(one -> verdict(one).action(), Comparator.reverseOrder())
                .thenComparing(one -> judge.score(one.odds()), Comparator.reverseOrder()))
        .toList();
  }

  private static int rank(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Unsafe _ -> 0;
      case Verdict.Unreadable _ -> 1;
      case Verdict.Safe _ -> 2;
    };
  }

  /**
   * Evidence of forms that are all scored.
   *
   * @param more what was spent on others
   */
  private CompletableFuture<Evidence> evidence(List<Scored> scored, Cost more) {
    List<Scored> sorted = sorted(scored);
    List<Finding> findings = new ArrayList<>();
    for (Scored one : sorted) {
      findings.add(new Finding(one.form().name(), one.form().turn(), judge.score(one.odds())));
    }
    Action strictest =
        scored.stream()
            .map(one -> verdict(one).action())
            .max(Comparator.naturalOrder())
            .orElseThrow();
    Cost others = cost(sorted.subList(1, sorted.size())).plus(more);
    return complete(sorted.getFirst())
        .thenApply(
            decisive ->
                new Evidence(
                    decisive.odds(),
                    decisive.categories(),
                    strictest,
                    findings,
                    decisive.cost().plus(others)));
  }

  /** The decisive form with its categories if the verdict names them. */
  private CompletableFuture<Scored> complete(Scored decisive) {
    return decisive.categories().isEmpty() && judge.wantsCategories(decisive.odds())
        ? withCategories(decisive, judge.isUnsafe(decisive.odds()))
        : CompletableFuture.completedFuture(decisive);
  }

  private static Cost cost(List<Scored> scored) {
    Cost cost = Cost.NONE;
    for (Scored one : scored) {
      cost = cost.plus(one.cost());
    }
    return cost;
  }
}
