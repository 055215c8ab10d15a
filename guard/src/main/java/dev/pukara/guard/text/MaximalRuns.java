package dev.pukara.guard.text;

import java.util.ArrayList;
import java.util.List;

/** All runs of numbers that would lose by being longer or shorter: Ruzzo and Tompa (1999). */
final class MaximalRuns {
  /**
   * One run.
   *
   * @param from the first number of it
   * @param to behind the last one
   * @param before sum of all numbers before the run
   * @param sum of all numbers up to its end
   * @param lower the last run on the stack that begins at a lower sum, or -1: what lies between is
   *     never looked at again, so that time is linear
   */
  record Run(int from, int to, double before, double sum, int lower) {
    double gain() {
      return sum - before;
    }
  }

  private MaximalRuns() {}

  /** In order; they do not overlap. */
  static List<Run> of(double[] numbers) {
    List<Run> runs = new ArrayList<>();
    double sum = 0;
    for (int i = 0; i < numbers.length; i++) {
      double before = sum;
      sum += numbers[i];
      if (numbers[i] > 0) {
        push(runs, i, before, sum);
      }
    }
    return runs;
  }

  /** One number more, together with the runs before it if they gain by it. */
  private static void push(List<Run> runs, int at, double before, double sum) {
    int from = at;
    double start = before;
    int lower = runs.size() - 1;
    while (lower >= 0 && runs.get(lower).before() >= start) {
      lower = runs.get(lower).lower();
    }
    while (lower >= 0 && runs.get(lower).sum() < sum) {
      Run joined = runs.get(lower);
      from = joined.from();
      start = joined.before();
      runs.subList(lower, runs.size()).clear();
      lower = joined.lower();
    }
    runs.add(new Run(from, at + 1, start, sum, lower));
  }
}
