package dev.pukara.train.data;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.Role;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A conversation whose last message somebody judged: one side of a row.
 *
 * @param id of the row and side: {@code own:1/response}
 * @param source data set of the row
 * @param conversation its last message is judged
 * @param unsafe the label
 * @param codes violated codes by taxonomy (policy id), most important first; no entry: nobody knows
 * @param foreign policies (ids) that the label says nothing of, since it was given by another one
 * @param near codes that a safe message is close to; empty for ordinary traffic
 * @param prompt what is the same prompt: normalised text of the first message
 * @param group rows that belong together, such as pairs that differ in a few words
 * @param kind of text, such as {@code post}; may be empty
 */
record Case(
    String id,
    String source,
    Conversation conversation,
    boolean unsafe,
    Map<String, List<String>> codes,
    Set<String> foreign,
    List<String> near,
    String prompt,
    Optional<String> group,
    String kind) {
  Case {
    codes = Map.copyOf(codes);
    foreign = Set.copyOf(foreign);
    near = List.copyOf(near);
  }

  /** Whose message is judged. */
  Role role() {
    return conversation.last().role();
  }

  /** The judged message. */
  String text() {
    return conversation.last().text();
  }

  /** The same with another conversation. */
  Case with(Conversation changed) {
    return new Case(id, source, changed, unsafe, codes, foreign, near, prompt, group, kind);
  }

  /** Conversations are not shown, so that no text leaks into a log. */
  @Override
  public String toString() {
    return id + (unsafe ? " unsafe " + codes : " safe");
  }
}
