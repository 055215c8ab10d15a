package dev.pukara.train.data;

import dev.pukara.guard.Category;
import dev.pukara.guard.Example;
import dev.pukara.guard.Policy;
import dev.pukara.guard.PolicySettings;
import java.util.List;

/**
 * A policy as one batch shows it: categories chosen, worded, ordered and numbered, each with what
 * it covers, so that the right verdict on any case follows from the variant alone.
 *
 * @param id of the policy that it was made from
 * @param title of that policy
 * @param rules in the order of the prompt, at least one
 * @param describe true if descriptions stand in the prompt
 * @param complete true if an unsafe message violates it even if nobody knows its codes: no category
 *     of a policy that covers all harm is left out
 * @param shots demonstrations that stand in the prompt; changed rules do not fit them, so they go
 */
record Variant(
    String id,
    String title,
    List<Rule> rules,
    boolean describe,
    boolean complete,
    List<Example> shots) {
  Variant {
    rules = List.copyOf(rules);
    shots = List.copyOf(shots);
    if (rules.isEmpty()) {
      throw new IllegalArgumentException("variant of " + id + " has no category");
    }
  }

  /** Does the case's last message violate the variant? */
  Judgement verdict(Case judged) {
    Judgement harm = Judgement.NO;
    Judgement topics = Judgement.NO;
    for (Rule rule : rules) {
      Judgement its = rule.judge(judged);
      if (rule.scope() instanceof Scope.Topic) {
        topics = topics.or(its);
      } else {
        harm = harm.or(its);
      }
    }
    // Codes that are known decide; a label alone does where all harm is covered, but not on topics.
    return (harm == Judgement.UNKNOWN && unsafeByLabel(judged) ? Judgement.YES : harm).or(topics);
  }

  private boolean unsafeByLabel(Case judged) {
    return complete && judged.unsafe() && !judged.foreign().contains(id);
  }

  /** Codes of the violated categories, in the order of the prompt; none if that is not known. */
  List<String> violated(Case judged) {
    return rules.stream()
        .filter(rule -> rule.judge(judged) == Judgement.YES)
        .map(Rule::code)
        .toList();
  }

  /** True if it is known of every category whether the case violates it. */
  boolean certain(Case judged) {
    return rules.stream().noneMatch(rule -> rule.judge(judged) == Judgement.UNKNOWN);
  }

  Variant withRules(List<Rule> changed) {
    return new Variant(id, title, changed, describe, complete, List.of());
  }

  /** With fewer rules; no longer complete. */
  Variant keeping(List<Rule> kept) {
    return kept.size() == rules.size()
        ? this
        : new Variant(id, title, kept, describe, false, List.of());
  }

  Variant withShots(List<Example> shown) {
    return new Variant(id, title, rules, describe, complete, shown);
  }

  /** What stands in the prompt. */
  Policy policy() {
    List<Category> categories = rules.stream().map(Rule::category).toList();
    return new Policy(id, "1", title, categories, describe, shots, PolicySettings.NONE);
  }
}
