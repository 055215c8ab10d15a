package dev.pukara.guard;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Scores every form of a conversation and finds the decisive one: the highest, unless none is
 * unsafe and one is unreadable.
 *
 * <p>The user's turns read as one message would carry an old bad turn on for ever. So when only the
 * joined form is unsafe, the turns that are unsafe by themselves are left out of it: they were
 * judged when they came.
 */
final class Examiner {
  /** Forms that are in the engine's queue together. */
  private static final int TOGETHER_MAX = 64;

  private final Scorer scorer;
  private final Judge judge;
  private final Forms forms;

  Examiner(Scorer scorer, Judge judge, Forms forms) {
    this.scorer = scorer;
    this.judge = judge;
    this.forms = forms;
  }

  /** A form and what the model says of it. */
  private record Scored(Form form, Odds odds, Cost cost) {}

  CompletableFuture<Evidence> examine(Conversation conversation) {
    return score(forms.of(conversation))
        .thenCompose(
            scored -> {
              Scored decisive = decisive(scored);
              return isJoined(decisive) && judge.isUnsafe(decisive.odds())
                  ? withoutOldTurns(conversation, scored, decisive.form().turn())
                  : CompletableFuture.completedFuture(evidence(scored));
            });
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
                bad[owner.get(i)] |= judge.isUnsafe(judged.get(i).odds());
              }
              List<Message> kept = new ArrayList<>();
              for (int i = 0; i < earlier.size(); i++) {
                if (!bad[i]) {
                  kept.add(earlier.get(i));
                }
              }
              if (kept.size() == earlier.size()) {
                return CompletableFuture.completedFuture(evidence(scored).plus(cost(judged)));
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
      return CompletableFuture.completedFuture(evidence(others).plus(spent));
    }
    kept.add(last);
    return score(forms.joined(kept, turn))
        .thenApply(
            again -> {
              List<Scored> all = new ArrayList<>(others);
              all.addAll(again);
              return evidence(all).plus(spent);
            });
  }

  /** In portions, so that a book does not fill the engine's queue. */
  private CompletableFuture<List<Scored>> score(List<Form> all) {
    if (all.size() <= TOGETHER_MAX) {
      return together(all);
    }
    return together(all.subList(0, TOGETHER_MAX))
        .thenCompose(
            first ->
                score(all.subList(TOGETHER_MAX, all.size()))
                    .thenApply(
                        rest -> {
                          List<Scored> scored = new ArrayList<>(first);
                          scored.addAll(rest);
                          return scored;
                        }));
  }

  private CompletableFuture<List<Scored>> together(List<Form> some) {
    List<CompletableFuture<Scored>> asked = new ArrayList<>();
    for (Form form : some) {
      asked.add(
          scorer
              .message(form.conversation())
              .thenApply(reading -> new Scored(form, reading.odds().getFirst(), reading.cost())));
    }
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(done -> asked.stream().map(CompletableFuture::join).toList());
  }

  private Scored decisive(List<Scored> scored) {
    return scored.stream().min(order()).orElseThrow();
  }

  /** Unsafe ones first, then unreadable ones, then the others; among equals the highest. */
  private Comparator<Scored> order() {
    return Comparator.<Scored>comparingInt(one -> rank(one.odds()))
        .thenComparing(one -> judge.score(one.odds()), Comparator.reverseOrder());
  }

  private int rank(Odds odds) {
    if (judge.isUnsafe(odds)) {
      return 0;
    }
    return Double.isNaN(judge.score(odds)) ? 1 : 2;
  }

  private Evidence evidence(List<Scored> scored) {
    List<Scored> sorted = scored.stream().sorted(order()).toList();
    List<Finding> findings = new ArrayList<>();
    for (Scored one : sorted) {
      findings.add(new Finding(one.form().name(), one.form().turn(), judge.score(one.odds())));
    }
    Scored decisive = sorted.getFirst();
    return new Evidence(decisive.form().conversation(), decisive.odds(), findings, cost(scored));
  }

  private static Cost cost(List<Scored> scored) {
    Cost cost = Cost.NONE;
    for (Scored one : scored) {
      cost = cost.plus(one.cost());
    }
    return cost;
  }
}
