package dev.pukara.guard;

import java.util.List;

/**
 * What a verdict rests on: of all forms of a conversation that were scored, the one that scored
 * highest.
 *
 * @param conversation that form; its categories are asked about
 * @param odds that its last message is unsafe
 * @param findings all forms, this one first
 * @param cost of all of them
 */
record Evidence(Conversation conversation, Odds odds, List<Finding> findings, Cost cost) {
  Evidence {
    findings = List.copyOf(findings);
  }

  Evidence plus(Cost more) {
    return new Evidence(conversation, odds, findings, cost.plus(more));
  }
}
