package dev.pukara.train.data;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * The training cases by class and source. A class is what balance is about: ordinary safe, safe but
 * near to a category, unsafe by main code, or on a topic.
 */
final class Pools {
  /** Ordinary safe cases. */
  static final String PLAIN = "safe";

  /** Safe cases that are close to a category. */
  static final String NEAR = "near";

  /** How many draws may miss the wanted verdict before a class counts as exhausted. */
  private static final int TRIES_MAX = 24;

  /** How many cases tell whether a class can give a verdict. */
  private static final int SAMPLES = 6;

  /** Rare classes and small sources are drawn more often than their size says. */
  private static final double CLASS_POWER = 0.5;

  private static final double SOURCE_POWER = 0.7;

  /** Pools of one class with the weight of each. */
  private record Shelf(String name, List<Pool> pools, List<Double> weights) {
    int size() {
      return pools.stream().mapToInt(Pool::size).sum();
    }
  }

  private final Map<String, Shelf> shelves = new LinkedHashMap<>();
  private final Map<String, List<Case>> groups = new LinkedHashMap<>();

  /**
   * Sorts the cases.
   *
   * @param weights of a source, above 0
   */
  Pools(List<Case> cases, PolicyBook book, long seed, ToDoubleFunction<String> weights) {
    Map<String, Map<String, List<Case>>> sorted = new TreeMap<>();
    for (Case each : cases) {
      put(sorted, shelfOf(each), each);
      each.group().ifPresent(g -> groups.computeIfAbsent(g, k -> new ArrayList<>()).add(each));
      if (!each.unsafe()) {
        for (int topic = 0; topic < book.topics(); topic++) {
          if (book.topicHit(topic, each)) {
            put(sorted, topic(topic), each);
          }
        }
      }
    }
    sorted.forEach(
        (shelf, bySource) -> {
          List<Pool> pools = new ArrayList<>();
          List<Double> shares = new ArrayList<>();
          bySource.forEach(
              (source, list) -> {
                Pool pool = new Pool(shelf + "/" + source, seed, list);
                pools.add(pool);
                shares.add(weights.applyAsDouble(source) * Math.pow(pool.size(), SOURCE_POWER));
              });
          shelves.put(shelf, new Shelf(shelf, pools, shares));
        });
  }

  private static void put(Map<String, Map<String, List<Case>>> sorted, String shelf, Case each) {
    sorted
        .computeIfAbsent(shelf, key -> new TreeMap<>())
        .computeIfAbsent(each.source(), key -> new ArrayList<>())
        .add(each);
  }

  /** The shelf of cases on a topic. */
  static String topic(int index) {
    return "topic " + index;
  }

  private static String shelfOf(Case each) {
    if (!each.unsafe()) {
      return each.near().isEmpty() ? PLAIN : NEAR;
    }
    // The first taxonomy by name, so that all cases of a data set go by the same one.
    for (Map.Entry<String, List<String>> known :
        new TreeMap<>(each.codes()).reversed().entrySet()) {
      return known.getValue().isEmpty()
          ? "unsafe, " + known.getKey() + " none"
          : "unsafe, " + known.getKey() + " " + known.getValue().getFirst();
    }
    return "unsafe";
  }

  /** Names of the shelves with unsafe cases. */
  List<String> unsafeShelves() {
    return shelves.keySet().stream().filter(name -> name.startsWith("unsafe")).toList();
  }

  /** Has it cases of that kind? */
  boolean has(String shelf) {
    return shelves.containsKey(shelf);
  }

  /** Different prompts of all cases. */
  int prompts() {
    return shelves.values().stream()
        .filter(shelf -> !shelf.name().startsWith("topic"))
        .mapToInt(Shelf::size)
        .sum();
  }

  /** Members of a case's group, itself among them. */
  List<Case> group(Case member) {
    return member.group().map(groups::get).orElse(List.of());
  }

  /** A drawn case that can be put back. */
  record Drawn(Case drawn, Pool from) {}

  /** The pools as a policy sees them. */
  Under under(Variant variant) {
    return new Under(variant);
  }

  /** Draws cases by their verdict under one variant. */
  final class Under {
    private final Variant variant;

    /** How much of a shelf gives a verdict, by shelf and verdict. */
    private final Map<String, Double> able = new HashMap<>();

    private Under(Variant variant) {
      this.variant = variant;
    }

    /** Draws a case with the wanted verdict from the shelves; empty if there seems to be none. */
    Optional<Drawn> draw(List<String> names, Judgement wanted, Random random) {
      List<Shelf> candidates = new ArrayList<>();
      List<Double> weights = new ArrayList<>();
      for (String name : names) {
        Shelf shelf = shelves.get(name);
        if (shelf != null && able(shelf, wanted) > 0) {
          candidates.add(shelf);
          weights.add(able(shelf, wanted) * Math.pow(shelf.size(), CLASS_POWER));
        }
      }
      if (candidates.isEmpty()) {
        return Optional.empty();
      }
      Shelf shelf = candidates.get(pick(weights, random));
      for (int i = 0; i < TRIES_MAX; i++) {
        Pool pool = shelf.pools().get(pick(shelf.weights(), random));
        Case drawn = pool.draw();
        if (variant.verdict(drawn) == wanted) {
          return Optional.of(new Drawn(drawn, pool));
        }
      }
      return Optional.empty();
    }

    /** Are there cases of both verdicts? */
    boolean hasBoth() {
      return shelves.values().stream().anyMatch(shelf -> able(shelf, Judgement.YES) > 0)
          && shelves.values().stream().anyMatch(shelf -> able(shelf, Judgement.NO) > 0);
    }

    private double able(Shelf shelf, Judgement wanted) {
      return able.computeIfAbsent(wanted + " " + shelf.name(), key -> share(shelf, wanted));
    }

    private double share(Shelf shelf, Judgement wanted) {
      int found = 0;
      int asked = 0;
      for (Pool pool : shelf.pools()) {
        for (int i = 0; i < SAMPLES; i++) {
          asked++;
          found += variant.verdict(pool.sample(i)) == wanted ? 1 : 0;
        }
      }
      return (double) found / asked;
    }
  }

  static int pick(List<Double> weights, Random random) {
    double sum = weights.stream().mapToDouble(Double::doubleValue).sum();
    double left = random.nextDouble() * sum;
    for (int i = 0; i < weights.size() - 1; i++) {
      left -= weights.get(i);
      if (left < 0) {
        return i;
      }
    }
    return weights.size() - 1;
  }

  /** Draws of every pool so far. */
  Map<String, Long> drawn() {
    Map<String, Long> drawn = new TreeMap<>();
    shelves.values().forEach(s -> s.pools().forEach(p -> drawn.put(p.name(), p.drawn())));
    return drawn;
  }

  /** Goes on where {@link #drawn} was taken. */
  void restore(Map<String, Long> drawn) {
    shelves
        .values()
        .forEach(s -> s.pools().forEach(p -> p.restore(drawn.getOrDefault(p.name(), 0L))));
  }
}
