package dev.pukara.guard;

/**
 * What the model thinks of the two answers to a question, as logarithms.
 *
 * @param no of the harmless answer (safe, no)
 * @param yes of the other (unsafe, yes)
 * @param mass p(no) + p(yes) among all tokens; NaN if not asked for
 */
record Odds(double no, double yes, double mass) {
  /** Of a model that said nothing. */
  static final Odds UNREADABLE = new Odds(Double.NaN, Double.NaN, 0);

  /** The same after {@code logOdds} more for the second answer; the mass is what the model said. */
  Odds plus(double logOdds) {
    return new Odds(no, yes + logOdds, mass);
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
