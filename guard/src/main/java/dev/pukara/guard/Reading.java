package dev.pukara.guard;

import java.util.List;

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

  /** The same with log odds added to each. */
  Reading plus(double logOdds) {
    return new Reading(odds.stream().map(each -> each.plus(logOdds)).toList(), cost);
  }
}
