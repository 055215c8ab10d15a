package dev.pukara.engine;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Hands answers over on virtual threads: what callers do with one, waiting for another one too,
 * must not stop the engine.
 */
final class Replies {
  private final Set<CompletableFuture<Answer>> underWay = ConcurrentHashMap.newKeySet();

  void give(CompletableFuture<Answer> reply, Answer answer) {
    hand(reply, () -> reply.complete(answer));
  }

  void refuse(CompletableFuture<Answer> reply, EngineException failure) {
    hand(reply, () -> reply.completeExceptionally(failure));
  }

  private void hand(CompletableFuture<Answer> reply, Runnable completion) {
    underWay.add(reply);
    Thread.ofVirtual()
        .name("pukara-reply")
        .start(
            () -> {
              try {
                completion.run();
              } finally {
                underWay.remove(reply);
              }
            });
  }

  /**
   * Waits until all who asked have their answer; not for what they do with it, since that may be
   * waiting for the caller of this.
   */
  void await() {
    underWay.forEach(reply -> reply.handle((answer, failure) -> reply).join());
  }
}
