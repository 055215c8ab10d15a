package dev.pukara.train.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * The paper's augmentations (arXiv 2312.06674, section 3.4), which teach that the categories in the
 * prompt decide and nothing else. Right verdicts and codes follow from the changed variant.
 */
final class PolicyChanges {
  private PolicyChanges() {}

  /**
   * Drops a random number of the categories that the case does not violate; the answer stays, but
   * for the codes' numbers. At least one category stays.
   */
  static Variant dropUnviolated(Variant variant, Case anchor, Random random) {
    List<Rule> droppable = unviolated(variant, anchor);
    boolean othersStay = droppable.size() < variant.rules().size();
    return without(variant, droppable, othersStay ? 0 : 1, random);
  }

  /**
   * Drops every category that the case violates or may violate, and a random number of others: the
   * answer becomes safe. At least one category stays; if nothing would, the variant stays as it is.
   */
  static Variant dropViolated(Variant variant, Case anchor, Random random) {
    List<Rule> others = unviolated(variant, anchor);
    return others.isEmpty() ? variant : without(variant.keeping(others), others, 1, random);
  }

  /** Drops what the case violates or may violate and nothing else, as long as something stays. */
  static Variant dropAllViolated(Variant variant, Case anchor) {
    List<Rule> others = unviolated(variant, anchor);
    return others.isEmpty() ? variant : variant.keeping(others);
  }

  /** Rules that the case does not violate for certain. */
  private static List<Rule> unviolated(Variant variant, Case anchor) {
    return variant.rules().stream().filter(rule -> rule.judge(anchor) == Judgement.NO).toList();
  }

  /** Drops a random number of {@code droppable}, such that at least {@code stay} of them stay. */
  private static Variant without(Variant variant, List<Rule> droppable, int stay, Random random) {
    List<Rule> shuffled = new ArrayList<>(droppable);
    Collections.shuffle(shuffled, random);
    int most = Math.max(0, shuffled.size() - stay);
    Set<Rule> dropped = new HashSet<>(shuffled.subList(0, random.nextInt(most + 1)));
    return variant.keeping(variant.rules().stream().filter(r -> !dropped.contains(r)).toList());
  }

  /** Another order. */
  static Variant shuffle(Variant variant, Random random) {
    List<Rule> rules = new ArrayList<>(variant.rules());
    Collections.shuffle(rules, random);
    return variant.withRules(rules);
  }

  /**
   * Codes by position.
   *
   * @param style {@code #} stands for the number: {@code S#}
   */
  static Variant renumber(Variant variant, String style) {
    List<Rule> rules = new ArrayList<>();
    for (Rule rule : variant.rules()) {
      rules.add(rule.withCode(style.replace("#", String.valueOf(rules.size() + 1))));
    }
    return variant.withRules(rules);
  }

  /** One more category at a random place, with a code that the variant does not have. */
  static Variant add(Variant variant, Rule rule, Random random) {
    List<Rule> rules = new ArrayList<>(variant.rules());
    rules.add(random.nextInt(rules.size() + 1), rule);
    return variant.withRules(rules);
  }
}
