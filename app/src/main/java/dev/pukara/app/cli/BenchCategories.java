package dev.pukara.app.cli;

import dev.pukara.guard.Category;
import dev.pukara.guard.CategoryMode;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.Guard;
import dev.pukara.guard.GuardOptions;
import dev.pukara.guard.Policies;
import dev.pukara.guard.Policy;
import dev.pukara.guard.Verdict;
import dev.pukara.kernels.Precision;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * What a verdict costs behind policies of different lengths: the whole guard, one message of
 * ordinary words after the other, policies in turn, so that whatever else the machine does meets
 * all of them.
 */
final class BenchCategories {
  private static final int WORDS = 48;
  private static final int ROUNDS = 8;
  private static final int CHECKS_MIN = 5;
  private static final String[] VOCABULARY =
      ("time year people way day man thing woman life child world school state family student group"
              + " country problem hand part place case week company system program question work"
              + " government number night point home water room mother area money story fact month"
              + " lot right study book eye job word business issue side kind head house service"
              + " friend father power hour game line end member law car city community name")
          .split(" ");

  private final Random random = new Random(20261127);
  private final PrintStream progress;

  BenchCategories(PrintStream progress) {
    this.progress = progress;
  }

  /**
   * Milliseconds of a check for each number of categories, names only and with descriptions.
   *
   * @param model one whose format takes policies of its own
   */
  List<Map<String, Object>> run(
      Path model, @Nullable Precision precision, List<Integer> counts, double seconds)
      throws IOException {
    GuardOptions options = GuardOptions.of(model).withCategories(CategoryMode.NEVER);
    if (precision != null) {
      options = options.withPrecision(precision);
    }
    try (Guard guard = Guard.open(options)) {
      List<Timed> timed = new ArrayList<>();
      for (boolean described : List.of(false, true)) {
        for (int count : counts) {
          timed.add(new Timed(count, described, guard.sharing(policy(count, described))));
        }
      }
      timed.forEach(Timed::warmUp);
      for (int round = 1; round <= ROUNDS; round++) {
        progress.println("round " + round + " of " + ROUNDS + " ...");
        timed.forEach(each -> each.measure(seconds / ROUNDS));
      }
      return timed.stream().map(Timed::result).toList();
    }
  }

  /** A policy of so many categories, made of the fourteen of Llama Guard 3. */
  private static Policy policy(int count, boolean described) {
    Policy base = Policies.find("llama-guard-3");
    List<Category> categories = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Category like = base.categories().get(i % base.categories().size());
      int repeat = i / base.categories().size();
      String name = repeat == 0 ? like.name() : like.name() + " " + (repeat + 1);
      categories.add(new Category("S" + (i + 1), name, like.description()));
    }
    return base.withCategories(categories).withDescribe(described);
  }

  /** Checks behind one policy. */
  private final class Timed {
    private final int categories;
    private final boolean described;
    private final Guard guard;
    private final List<Double> millis = new ArrayList<>();
    private int cachedTokens;

    Timed(int categories, boolean described, Guard guard) {
      this.categories = categories;
      this.described = described;
      this.guard = guard;
    }

    void warmUp() {
      for (int i = 0; i < CHECKS_MIN; i++) {
        check();
      }
      millis.clear();
    }

    void measure(double seconds) {
      long end = System.nanoTime() + (long) (seconds * 1e9);
      for (int i = 0; i < CHECKS_MIN || System.nanoTime() < end; i++) {
        check();
      }
    }

    private void check() {
      Conversation message = Conversation.user(words());
      long start = System.nanoTime();
      Verdict verdict = guard.check(message);
      millis.add((System.nanoTime() - start) / 1e6);
      cachedTokens = verdict.trace().cachedTokens();
    }

    Map<String, Object> result() {
      double[] sorted = millis.stream().mapToDouble(Double::doubleValue).sorted().toArray();
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("categories", categories);
      result.put("described", described);
      result.put("cachedTokens", cachedTokens);
      result.put("checks", sorted.length);
      result.put("p50Millis", BenchRun.quantile(sorted, 0.5));
      result.put("p99Millis", BenchRun.quantile(sorted, 0.99));
      return result;
    }
  }

  private String words() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < WORDS; i++) {
      text.append(i == 0 ? "" : " ").append(VOCABULARY[random.nextInt(VOCABULARY.length)]);
    }
    return text.toString();
  }
}
