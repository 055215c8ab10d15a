package dev.pukara.train.data;

import dev.pukara.guard.Conversation;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Made-up cases for tests. */
final class Cases {
  private Cases() {}

  static Case safe(String text) {
    return of(text, false, Map.of());
  }

  static Case unsafe(String text, String... codes) {
    return of(text, true, Map.of("llama-guard-3", List.of(codes)));
  }

  /** Unsafe, and nobody knows by which category. */
  static Case uncoded(String text) {
    return of(text, true, Map.of());
  }

  static Case of(String text, boolean unsafe, Map<String, List<String>> codes) {
    return new Case(
        text,
        "test",
        Conversation.user(text),
        unsafe,
        codes,
        Set.of(),
        List.of(),
        Texts.normalised(text),
        Optional.empty(),
        "");
  }
}
