package dev.pukara.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A back end's answer.
 *
 * @param odds one for each tail of the question
 * @param cost of the answer
 */
record Reading(List<Odds> odds, Cost cost) {
  Reading {
    odds = List.copyOf(odds);
  }

  /** Many answers as one, in their order, when all are there. */
  static CompletableFuture<Reading> all(List<CompletableFuture<Reading>> asked) {
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(
            done -> {
              List<Odds> odds = new ArrayList<>();
              Cost cost = Cost.NONE;
              for (CompletableFuture<Reading> one : asked) {
                odds.addAll(one.join().odds());
                cost = cost.plus(one.join().cost());
              }
              return new Reading(odds, cost);
            });
  }

  /** The same with log odds added to each. */
  Reading plus(double logOdds) {
    return new Reading(odds.stream().map(each -> each.plus(logOdds)).toList(), cost);
  }
}
