package dev.pukara.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/**
 * Hands answers over on virtual threads: what callers do with one, waiting for another one too,
 * must not stop the engine.
 */
final class Replies {
  private static final Executor THREADS =
      task -> Thread.ofVirtual().name("pukara-reply").start(task);

  private Replies() {}

  static void give(CompletableFuture<Answer> reply, Answer answer) {
    reply.completeAsync(() -> answer, THREADS);
  }

  static void refuse(CompletableFuture<Answer> reply, EngineException failure) {
    THREADS.execute(() -> reply.completeExceptionally(failure));
  }
}
