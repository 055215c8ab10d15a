package dev.pukara.guard;

import dev.pukara.guard.Prompt.Piece;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Where the model runs: in this process, or behind a server. Prompts go in, the odds of two answer
 * tokens come out. Threads: any number of callers.
 */
interface BackEnd extends AutoCloseable {
  /** The model's name, for traces. */
  String model();

  /** What tells this model from others: the SHA-256 of its file. May wait for the hash. */
  String digest();

  /**
   * Asks. The future fails with the back end's own exception: the text is judged unsafe or
   * unreadable by nobody then.
   */
  CompletableFuture<Reading> ask(Question question);

  /** How many tokens the pieces are, each encoded by itself. */
  int tokens(List<Piece> pieces);

  /** Longest prompt that can be asked, tail included. */
  int promptTokensMax();

  @Override
  void close();
}
