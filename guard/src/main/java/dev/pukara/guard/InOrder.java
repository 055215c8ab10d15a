package dev.pukara.guard;

import dev.pukara.engine.EngineException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;

/**
 * Verdicts in the order of their conversations, a few of which are judged ahead. Should the
 * engine's queue be full, a conversation is judged again when those ahead of it are done.
 */
final class InOrder implements Iterator<Verdict> {
  private static final int AHEAD_MAX = 32;

  private final Guard guard;
  private final Iterator<Conversation> conversations;
  private final Deque<Asked> asked = new ArrayDeque<>();

  InOrder(Guard guard, Iterator<Conversation> conversations) {
    this.guard = guard;
    this.conversations = conversations;
  }

  private record Asked(Conversation conversation, CompletableFuture<Verdict> verdict) {}

  @Override
  public boolean hasNext() {
    while (asked.size() < AHEAD_MAX && conversations.hasNext()) {
      Conversation next = conversations.next();
      asked.add(new Asked(next, ask(next)));
    }
    return !asked.isEmpty();
  }

  private CompletableFuture<Verdict> ask(Conversation conversation) {
    try {
      return guard.checkAsync(conversation);
    } catch (EngineException | PolicyException e) {
      // Told when it is this conversation's turn, not while another one waits for its verdict.
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public Verdict next() {
    if (!hasNext()) {
      throw new NoSuchElementException("no more conversations");
    }
    Asked first = asked.remove();
    try {
      return Guard.await(first.verdict());
    } catch (EngineException e) {
      if (e.reason() != EngineException.Reason.BUSY) {
        throw e;
      }
      asked.forEach(other -> other.verdict().handle((verdict, failure) -> verdict).join());
      return guard.check(first.conversation());
    }
  }
}
