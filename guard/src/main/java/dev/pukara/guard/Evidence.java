package dev.pukara.guard;

import java.util.List;

/**
 * What a verdict rests on: of all forms of a conversation that were scored, the decisive one.
 *
 * @param odds that its last message is unsafe
 * @param categories odds of its categories in the policy's order; empty if not asked for
 * @param strictest action that any of the forms asks for
 * @param findings all forms, this one first
 * @param cost of all of them
 */
record Evidence(
    Odds odds, List<Odds> categories, Action strictest, List<Finding> findings, Cost cost) {
  Evidence {
    categories = List.copyOf(categories);
    findings = List.copyOf(findings);
  }
}
