package dev.pukara.guard;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/**
 * One check under way: everything that is asked of the back end for it, and until when. A check may
 * ask several times (forms of the text, categories); all of it ends when the check does. Threads:
 * any.
 */
final class Call {
  private final BackEnd backEnd;
  private final Duration limit;
  private final long startNanos = System.nanoTime();

  private final List<CompletableFuture<Reading>> asked = new ArrayList<>(); // guarded by this
  private boolean cancelled; // guarded by this

  /**
   * A call that begins now.
   *
   * @param limit how long all of it may take; zero = for ever
   */
  Call(BackEnd backEnd, Duration limit) {
    this.backEnd = backEnd;
    this.limit = limit;
  }

  /**
   * Asks the back end, unless nobody waits any longer; a question that comes too late times out.
   */
  CompletableFuture<Reading> ask(Question question) {
    Duration left = limit;
    if (!limit.isZero()) {
      Duration rest = limit.minusNanos(System.nanoTime() - startNanos);
      left = rest.isPositive() ? rest : Duration.ofNanos(1);
    }
    if (isCancelled()) {
      return CompletableFuture.failedFuture(new CancellationException("the check was cancelled"));
    }
    CompletableFuture<Reading> answer = backEnd.ask(question, left);
    synchronized (this) {
      asked.add(answer);
    }
    if (isCancelled()) {
      answer.cancel(false);
    }
    return answer;
  }

  private synchronized boolean isCancelled() {
    return cancelled;
  }

  /** Drops what is not answered yet, and asks no more. */
  void cancel() {
    List<CompletableFuture<Reading>> open;
    synchronized (this) {
      cancelled = true;
      open = List.copyOf(asked);
    }
    open.forEach(answer -> answer.cancel(false));
  }
}
