package dev.pukara.guard;

import dev.pukara.guard.Prompt.Piece;
import java.util.ArrayList;
import java.util.List;

/**
 * What a back end is asked: which of two tokens follows, after one or more tails behind one and the
 * same prompt.
 *
 * @param prompt its tail and lead are not used: the tails stand there
 * @param tails at least one
 * @param no text of the single token that says safe, or no
 * @param yes text of the single token that says unsafe, or yes
 */
record Question(Prompt prompt, List<List<Piece>> tails, String no, String yes) {
  Question {
    tails = List.copyOf(tails);
  }

  /** Whether the last message is unsafe. */
  static Question message(PromptFormat format, Policy policy, Conversation conversation) {
    Prompt prompt = format.render(policy, conversation);
    List<Piece> tail = new ArrayList<>(prompt.tail());
    tail.addAll(prompt.lead());
    return new Question(prompt, List.of(tail), format.safeToken(), format.unsafeToken());
  }
}
