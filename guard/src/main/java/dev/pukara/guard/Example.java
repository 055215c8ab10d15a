package dev.pukara.guard;

import java.util.Collection;
import java.util.List;

/**
 * A conversation and what is right to say of its last message. Examples of a policy are tests of it
 * ({@code pukara policy test}) and, if the policy asks for few-shot prompts, demonstrations.
 *
 * @param conversation whose last message is judged
 * @param codes violated categories in the policy's order; empty = safe
 */
public record Example(Conversation conversation, List<String> codes) {
  /** Copies the list. */
  public Example {
    codes = List.copyOf(codes);
  }

  /**
   * The same as to some categories only: what violated none of them is safe, or it would teach a
   * code that is not there.
   */
  Example only(Collection<String> kept) {
    return new Example(conversation, codes.stream().filter(kept::contains).toList());
  }

  /** True if it violates nothing. */
  public boolean isSafe() {
    return codes.isEmpty();
  }
}
