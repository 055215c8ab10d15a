package dev.pukara.guard;

import dev.pukara.engine.EngineStats;
import dev.pukara.guard.Prompt.Piece;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
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
   * Asks. What a server does not answer is unreadable ({@link Odds#unanswered}). Any other failure
   * is the future's: nobody has judged the text then, and the caller is told. Cancelling it drops a
   * question that waits for the engine; a server is not told.
   *
   * @param timeout after which nobody wants the answer; zero = never. A server has limits of its
   *     own instead
   */
  CompletableFuture<Reading> ask(Question question, Duration timeout);

  /** Counters of the engine; empty if the model runs elsewhere. */
  Optional<EngineStats> stats();

  /** How many tokens the pieces are, each encoded by itself. */
  int tokens(List<Piece> pieces);

  /** Longest prompt that can be asked, tail included. */
  int promptTokensMax();

  @Override
  void close();
}
