package dev.pukara.train.data;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is learned from which rows, how often.
 *
 * @param policies ids of the policies to train with, and the share of each
 * @param sources what is said of single data sets
 * @param tiers licence tiers that may be used
 * @param unsafeShare part of unsafe lessons in a batch, where both verdicts can be had
 * @param validationShare part of the prompts that is held out, by hash of the text
 * @param validationMax held-out cases that are judged by a policy
 * @param charactersMax messages lose their middle beyond that
 * @param questions other categories that a lesson is asked about, besides the violated ones
 * @param rates of the augmentations
 * @param seed of everything random
 */
public record DataOptions(
    Map<String, Double> policies,
    Map<String, SourceOptions> sources,
    Set<String> tiers,
    double unsafeShare,
    double validationShare,
    int validationMax,
    int charactersMax,
    int questions,
    Rates rates,
    long seed) {
  /** The licence tiers, see docs/data-format.md. */
  private static final Set<String> TIERS = new TreeSet<>(List.of("A", "B", "C", "D"));

  /**
   * What is said of one data set.
   *
   * @param use false: left out
   * @param weight how often it is drawn besides its size
   * @param statements true: its texts are statements of their own, so that the label holds whoever
   *     says them
   */
  public record SourceOptions(boolean use, double weight, boolean statements) {
    /** What goes for sources that nobody speaks of. */
    static final SourceOptions USUAL = new SourceOptions(true, 1, false);
  }

  /**
   * Copies the maps in their order. {@code Map.copyOf} and {@code Set.copyOf} have another order in
   * every process: what is drawn, and the printed recipe that a resumed run is compared by, would
   * differ.
   */
  public DataOptions {
    policies = Collections.unmodifiableMap(new LinkedHashMap<>(policies));
    sources = Collections.unmodifiableMap(new LinkedHashMap<>(sources));
    tiers = Collections.unmodifiableSet(new TreeSet<>(tiers));
  }

  /**
   * What is said of a data set: by its name, by the longest beginning with {@code *}, or nothing.
   */
  SourceOptions source(String name) {
    SourceOptions exact = sources.get(name);
    if (exact != null) {
      return exact;
    }
    String best = "";
    for (String pattern : sources.keySet()) {
      if (pattern.endsWith("*")
          && name.startsWith(pattern.substring(0, pattern.length() - 1))
          && pattern.length() > best.length()) {
        best = pattern;
      }
    }
    return sources.getOrDefault(best, SourceOptions.USUAL);
  }

  /** The usual options for one policy. */
  public static DataOptions usual(String policy, long seed) {
    return read(Fields.empty("defaults"), Map.of(policy, 1.0), seed);
  }

  /**
   * Reads the map {@code rows} of a recipe.
   *
   * @param policies if the map names none
   */
  public static DataOptions read(Fields fields, Map<String, Double> policies, long seed) {
    Map<String, Double> shares = new LinkedHashMap<>();
    fields
        .map("policies")
        .ifPresent(
            map -> {
              for (String id : map.names()) {
                shares.put(id, map.number(id, 0.001, 1e6).orElse(1));
              }
            });
    Map<String, SourceOptions> sources = new LinkedHashMap<>();
    fields
        .map("sources")
        .ifPresent(map -> map.entries().forEach((name, each) -> sources.put(name, source(each))));
    Set<String> tiers = new TreeSet<>(fields.texts("tiers"));
    if (!TIERS.containsAll(tiers)) {
      throw fields.bad("tiers", tiers, "some of " + TIERS);
    }
    DataOptions options =
        new DataOptions(
            shares.isEmpty() ? policies : shares,
            sources,
            tiers.isEmpty() ? TIERS : tiers,
            fields.number("unsafe-share", 0, 1).orElse(0.5),
            fields.number("validation-share", 0, 0.5).orElse(0.1),
            fields.integer("validation-max", 1, 1_000_000, 400),
            fields.integer("characters-max", 100, 1_000_000, 2000),
            fields.integer("questions", 0, 100, 2),
            fields.map("rates").map(Rates::read).orElseGet(Rates::usual),
            seed);
    fields.noOthers();
    return options;
  }

  private static SourceOptions source(Fields fields) {
    SourceOptions options =
        new SourceOptions(
            fields.flag("use", true),
            fields.number("weight", 0.001, 1000).orElse(1),
            fields.flag("statements", false));
    fields.noOthers();
    return options;
  }
}
