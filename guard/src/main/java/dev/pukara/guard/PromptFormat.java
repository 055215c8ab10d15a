package dev.pukara.guard;

import dev.pukara.guard.Prompt.Piece;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How a policy and a conversation become a prompt, and which two tokens are the answer. */
public interface PromptFormat {
  /** Name: {@code llama-guard-3-8b}. */
  String id();

  /** The policy that the format's models were trained with. */
  Policy defaultPolicy();

  /** Text of the single token that says safe: {@code "safe"} or {@code " safe"}. */
  String safeToken();

  /** Text of the single token that says unsafe. */
  String unsafeToken();

  /** False if this policy cannot stand in the format's prompts; then {@link #render} refuses it. */
  default boolean carries(Policy policy) {
    return true;
  }

  /**
   * What the model should write behind prompt and lead, before its end token: what it is trained
   * on, and what demonstrations show.
   *
   * @param codes violated categories; empty = safe
   */
  String answer(List<String> codes);

  /** Renders the question whether the last message of the conversation violates the policy. */
  Prompt render(Policy policy, Conversation conversation);

  /**
   * The question whether the message violates one category, asked behind the same prefix and stem;
   * empty if the format knows none (then a prompt with that category alone is asked).
   */
  default Optional<CategoryQuestion> question(Category category, Role role) {
    return Optional.empty();
  }

  /**
   * A question about one category.
   *
   * @param tail stands in place of the prompt's tail
   * @param noToken text of the single token that denies
   * @param yesToken text of the single token that affirms
   */
  record CategoryQuestion(List<Piece> tail, String noToken, String yesToken) {}

  /** Everything that defines the format, for its digest. */
  Map<String, Object> definition();

  /** SHA-256 of the canonical JSON of {@link #definition()}. */
  default String digest() {
    return Digests.of(definition());
  }
}
