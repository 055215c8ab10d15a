package dev.pukara.guard;

import java.util.Optional;

/**
 * What the model thinks of the two answers to a question, as logarithms.
 *
 * @param no of the harmless answer (safe, no)
 * @param yes of the other (unsafe, yes)
 * @param mass p(no) + p(yes) among all tokens; NaN if not asked for
 * @param failure why there was no answer; empty if there was one
 */
record Odds(double no, double yes, double mass, Optional<Failure> failure) {
  /**
   * Why there was no answer.
   *
   * @param reason for people
   * @param mayPass true if the same question may succeed later
   */
  record Failure(String reason, boolean mayPass) {}

  Odds(double no, double yes, double mass) {
    this(no, yes, mass, Optional.empty());
  }

  /** Of a model that was asked and did not answer. */
  static Odds unanswered(String reason, boolean mayPass) {
    return new Odds(Double.NaN, Double.NaN, 0, Optional.of(new Failure(reason, mayPass)));
  }

  /** The same after {@code logOdds} more for the second answer; the mass is what the model said. */
  Odds plus(double logOdds) {
    return new Odds(no, yes + logOdds, mass, failure);
  }

  /**
   * Probability of the second answer among the two; NaN if the model said nothing of them.
   *
   * @param temperature divides the logarithms: above 1 it moves scores towards one half
   */
  double probability(double temperature) {
    return 1 / (1 + Math.exp((no - yes) / temperature));
  }
}
