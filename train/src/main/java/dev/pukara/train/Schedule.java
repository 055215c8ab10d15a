package dev.pukara.train;

import java.util.Locale;

/**
 * The learning rate of each step: linear warm-up to the peak, then down to a floor.
 *
 * @param shape of the way down
 * @param peak learning rate after the warm-up
 * @param warmupSteps steps of the warm-up
 * @param steps of the whole run
 * @param floor learning rate behind the last step, as a part of the peak
 */
public record Schedule(Shape shape, double peak, int warmupSteps, int steps, double floor) {
  /** How the rate falls. */
  public enum Shape {
    /** Half a cosine. */
    COSINE,
    /** A straight line. */
    LINEAR,
    /** Not at all. */
    CONSTANT
  }

  /** Checks the ranges. */
  public Schedule {
    boolean counts = steps >= 1 && warmupSteps >= 0 && warmupSteps <= steps;
    if (!counts || !(peak > 0) || !(floor >= 0 && floor <= 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "schedule of %d steps, %d of them warm-up (none to all), peak %s (above 0),"
                  + " floor %s (0 to 1)",
              steps,
              warmupSteps,
              peak,
              floor));
    }
  }

  /** The rate of step {@code step}, counted from 0; behind the end the floor. */
  public double at(int step) {
    if (step < warmupSteps) {
      return peak * (step + 1) / warmupSteps;
    }
    int down = steps - warmupSteps;
    double done = down == 0 ? 1 : Math.min(1, (step - warmupSteps) / (double) down);
    double part =
        switch (shape) {
          case COSINE -> (1 + Math.cos(Math.PI * done)) / 2;
          case LINEAR -> 1 - done;
          case CONSTANT -> 1;
        };
    return peak * (floor + (1 - floor) * part);
  }
}
