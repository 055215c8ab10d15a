package dev.pukara.train.data;

import dev.pukara.guard.Category;
import dev.pukara.guard.Example;
import dev.pukara.guard.Policy;
import dev.pukara.train.data.Scope.Harm;
import dev.pukara.train.data.Scope.Reach;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * A policy before its words are chosen.
 *
 * @param id of the policy
 * @param title for people
 * @param entries categories in their usual order
 * @param complete true if it covers all harm: a row of unknown category that is unsafe violates it
 * @param describe false if its descriptions never stand in a prompt
 * @param demonstrations that the policy itself brings
 */
record Outline(
    String id,
    String title,
    List<Entry> entries,
    boolean complete,
    boolean describe,
    List<Example> demonstrations) {
  /**
   * A category and the words that it may have.
   *
   * @param usual code, name and description
   * @param names other names, maybe none
   * @param descriptions other descriptions, maybe none
   * @param scope what it covers
   */
  record Entry(Category usual, List<String> names, List<String> descriptions, Scope scope) {
    Entry {
      names = List.copyOf(names);
      descriptions = List.copyOf(descriptions);
    }

    /** With usual words, or by {@code rate} with random ones. */
    Rule worded(Random random, double rate) {
      if (random.nextDouble() >= rate) {
        return new Rule(usual, scope);
      }
      String name = other(usual.name(), names, random);
      String description = other(usual.description(), descriptions, random);
      // Points are said in the usual words and stay with them.
      boolean onlyUsual = names.isEmpty() && descriptions.isEmpty();
      return new Rule(onlyUsual ? usual : new Category(usual.code(), name, description), scope);
    }

    private static String other(String usual, List<String> others, Random random) {
      int chosen = random.nextInt(others.size() + 1);
      return chosen == others.size() ? usual : others.get(chosen);
    }
  }

  Outline {
    entries = List.copyOf(entries);
    demonstrations = List.copyOf(demonstrations);
  }

  /** The same with the words of {@code policy} as the usual ones. */
  Outline worded(Policy policy) {
    List<Entry> changed = new ArrayList<>();
    for (int i = 0; i < entries.size(); i++) {
      Entry entry = entries.get(i);
      List<String> names = new ArrayList<>(entry.names());
      names.add(entry.usual().name());
      List<String> descriptions = new ArrayList<>(entry.descriptions());
      descriptions.add(entry.usual().description());
      changed.add(new Entry(policy.categories().get(i), names, descriptions, entry.scope()));
    }
    return new Outline(id, policy.title(), changed, complete, describe, demonstrations);
  }

  /** The same; rows that name the policy's own codes are judged by those first. */
  Outline byOwnCodes() {
    List<Entry> changed = entries.stream().map(this::byOwnCode).toList();
    return new Outline(id, title, changed, complete, describe, demonstrations);
  }

  private Entry byOwnCode(Entry entry) {
    if (!(entry.scope() instanceof Harm(List<Reach> reaches))
        || reaches.stream().anyMatch(reach -> reach.taxonomy().equals(id))) {
      return entry;
    }
    List<Reach> more = new ArrayList<>();
    more.add(new Reach(id, Set.of(entry.usual().code()), Set.of()));
    more.addAll(reaches);
    return new Entry(entry.usual(), entry.names(), entry.descriptions(), new Harm(more));
  }

  /** The policy in its usual words. */
  Variant usual() {
    return variant(new Random(0), 0, true);
  }

  /**
   * The policy in random words.
   *
   * @param rate of categories in other words than the usual ones
   * @param described true to show descriptions, if it ever shows them
   */
  Variant variant(Random random, double rate, boolean described) {
    List<Rule> rules = entries.stream().map(entry -> entry.worded(random, rate)).toList();
    return new Variant(id, title, rules, describe && described, complete, demonstrations);
  }
}
