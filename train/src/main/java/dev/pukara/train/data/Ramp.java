package dev.pukara.train.data;

import java.util.Random;

/**
 * A rate that grows in with the steps: 0 before {@code from}, then straight up to {@code rate} at
 * {@code until}. A model that has not learned to judge yet learns far slower if categories are
 * dropped from the first step on.
 */
record Ramp(double rate, int from, int until) {
  /** Never. */
  static final Ramp NEVER = new Ramp(0, 0, 0);

  static Ramp of(double rate) {
    return new Ramp(rate, 0, 0);
  }

  double at(int step) {
    if (step < from) {
      return 0;
    }
    return step >= until ? rate : rate * (step - from) / (until - from);
  }

  /** Random decision at a step. */
  boolean hits(int step, Random random) {
    return random.nextDouble() < at(step);
  }

  /** A number, or a map of {@code rate}, {@code from} and {@code until}. */
  static Ramp read(Fields fields, String name, double otherwise) {
    if (!fields.isMap(name)) {
      return of(fields.number(name, 0, 1).orElse(otherwise));
    }
    Fields ramp = fields.map(name).orElseThrow();
    double rate = ramp.number("rate", 0, 1).orElse(otherwise);
    int from = ramp.integer("from", 0, Integer.MAX_VALUE, 0);
    int until = ramp.integer("until", from, Integer.MAX_VALUE, from);
    ramp.noOthers();
    return new Ramp(rate, from, until);
  }
}
