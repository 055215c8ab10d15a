package dev.pukara.guard.remote;

/** Which endpoint of a server is asked. */
public enum RemoteApi {
  /** {@code /v1/completions}: the prompt as rendered; for guard models. */
  COMPLETIONS,
  /**
   * {@code /v1/chat/completions}: the prompt's text as one user message; for chat models, where
   * nothing else exists. Without log probabilities the answer is parsed, and a score is near 0 or
   * 1.
   */
  CHAT,
  /**
   * {@code /v1/chat/completions}: the conversation's turns as they are; for guard models whose chat
   * template the server renders, policy included (Llama Guard 4).
   */
  MESSAGES
}
