package dev.pukara.guard;

import java.util.Map;

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

  /** Renders the question whether the last message of the conversation violates the policy. */
  Prompt render(Policy policy, Conversation conversation);

  /** Everything that defines the format, for its digest. */
  Map<String, Object> definition();

  /** SHA-256 of the canonical JSON of {@link #definition()}. */
  default String digest() {
    return Digests.of(definition());
  }
}
