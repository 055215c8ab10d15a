package dev.pukara.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A radix tree over token ids whose nodes own the keys and values of a run of tokens. A node hangs
 * at some offset of its parent, so a run is never split: who diverges in the middle uses the run's
 * first tokens only.
 *
 * <pre>
 *   root ── [policy ............ 400] ── @400 [conversation A ... 60]
 *                            └─ @380 [other tail 25]      └─ @41 [conversation A' 30]
 * </pre>
 *
 * <p>Invariants: a node in use (pins &gt; 0) and its ancestors are never evicted; {@link #tokens}
 * is the sum of the nodes' lengths. Plain state, one thread, no clock: age is a count of look-ups.
 *
 * @param <S> what holds keys and values
 */
final class PrefixCache<S> {
  /** A run of cached tokens. */
  static final class Node<S> {
    final @Nullable Node<S> parent;

    /** Tokens of the parent that come before this run. */
    final int offset;

    final int[] tokens;
    final @Nullable S span;
    final boolean preferred;
    final Map<Long, Node<S>> children = new HashMap<>();
    int pins;
    long lastUse;

    Node(@Nullable Node<S> parent, int offset, int[] tokens, @Nullable S span, boolean preferred) {
      this.parent = parent;
      this.offset = offset;
      this.tokens = tokens;
      this.span = span;
      this.preferred = preferred;
    }
  }

  /**
   * The cached start of a token sequence: {@code parts} in order, {@code tokens} in all. Its nodes
   * are pinned until {@link #release}.
   */
  record Match<S>(Node<S> last, int lastTokens, List<Used<S>> parts, int tokens) {}

  /** The first {@code tokens} tokens of a node. */
  record Used<S>(S span, int tokens) {}

  private final Node<S> root = new Node<>(null, 0, new int[0], null, true);
  private final Consumer<S> free;
  private long uses;
  private long tokens;
  private int nodes;
  private long evictions;

  /** An empty cache; {@code free} gets the span of every evicted node. */
  PrefixCache(Consumer<S> free) {
    this.free = free;
  }

  /** Finds and pins the longest cached start of {@code sequence}, at most {@code limit} tokens. */
  Match<S> match(int[] sequence, int limit) {
    uses++;
    List<Used<S>> parts = new ArrayList<>();
    Node<S> node = root;
    int nodeTokens = 0;
    int position = 0;
    while (position < limit) {
      Node<S> child = node.children.get(key(nodeTokens, sequence[position]));
      if (child == null) {
        break;
      }
      int shared = sharedTokens(child.tokens, sequence, position, limit);
      child.lastUse = uses;
      parts.add(new Used<>(span(child), shared));
      position += shared;
      node = child;
      nodeTokens = shared;
    }
    pin(node, 1);
    return new Match<>(node, nodeTokens, List.copyOf(parts), position);
  }

  /** Length of the longest cached start of {@code sequence}; nothing is pinned. */
  int cachedTokens(int[] sequence) {
    Match<S> match = match(sequence, sequence.length);
    release(match);
    return match.tokens();
  }

  private static int sharedTokens(int[] run, int[] sequence, int from, int limit) {
    int count = 0;
    while (count < run.length && from + count < limit && run[count] == sequence[from + count]) {
      count++;
    }
    return count;
  }

  /**
   * Hangs a run behind a match that is still pinned; the cache then owns the span.
   *
   * @return false if the cache has a run with the same first token there already: the caller keeps
   *     the span
   */
  boolean insert(Match<S> match, int[] run, S span, boolean preferred) {
    long key = key(match.lastTokens(), run[0]);
    Node<S> last = match.last();
    boolean continues =
        match.lastTokens() < last.tokens.length && last.tokens[match.lastTokens()] == run[0];
    if (continues || last.children.containsKey(key)) {
      return false;
    }
    Node<S> node = new Node<>(last, match.lastTokens(), run, span, preferred);
    node.lastUse = uses;
    last.children.put(key, node);
    nodes++;
    tokens += run.length;
    return true;
  }

  /** Unpins what {@link #match} pinned. */
  void release(Match<S> match) {
    pin(match.last(), -1);
  }

  private void pin(Node<S> from, int by) {
    for (Node<S> node = from; node != null; node = node.parent) {
      node.pins += by;
      if (node.pins < 0) {
        throw new IllegalStateException("released more often than pinned");
      }
    }
  }

  /**
   * Evicts the least recently used leaf that nobody uses; runs that are not preferred go first.
   *
   * @return false if there is none
   */
  boolean evictOne() {
    Node<S> victim = oldest(root, null);
    if (victim == null) {
      return false;
    }
    Node<S> parent = victim.parent;
    if (parent != null) {
      parent.children.remove(key(victim.offset, victim.tokens[0]));
    }
    nodes--;
    tokens -= victim.tokens.length;
    evictions++;
    free.accept(span(victim));
    return true;
  }

  private @Nullable Node<S> oldest(Node<S> node, @Nullable Node<S> best) {
    Node<S> found = best;
    for (Node<S> child : node.children.values()) {
      found = oldest(child, found);
    }
    if (node == root || node.pins > 0 || !node.children.isEmpty()) {
      return found;
    }
    if (found == null || (found.preferred && !node.preferred)) {
      return node;
    }
    boolean older = node.lastUse < found.lastUse && node.preferred == found.preferred;
    return older ? node : found;
  }

  private static <S> S span(Node<S> node) {
    S span = node.span;
    if (span == null) {
      throw new IllegalStateException("the root has no span");
    }
    return span;
  }

  private static long key(int offset, int token) {
    return (long) offset << 32 | token;
  }

  /** Tokens in all runs. */
  long tokens() {
    return tokens;
  }

  /** Number of runs. */
  int nodes() {
    return nodes;
  }

  /** Runs evicted so far. */
  long evictions() {
    return evictions;
  }
}
