package dev.pukara.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The keys and values of policies, and behind each a radix tree of the texts that were read under
 * it. A policy is one node, found by all its tokens: attention reads it in one piece, whatever
 * other policy begins as it does. A run of text hangs at some offset of its parent, so it is never
 * split: who diverges in the middle uses the run's first tokens only.
 *
 * <pre>
 *   [policy ............ 400] ── @400 [conversation A ... 60]
 *   [policy .... other tail 405]                  └─ @41 [conversation A' 30]
 *   [] ── @0 [text without a policy]
 * </pre>
 *
 * <p>Invariants: a node in use (pins &gt; 0) and its ancestors are never evicted; {@link #tokens}
 * is the sum of the nodes' lengths. Plain state, one thread, no clock: age is a count of look-ups.
 *
 * @param <S> what holds keys and values
 */
final class PrefixCache<S> {
  /** A run of cached tokens; a policy has no parent. */
  static final class Node<S> {
    final @Nullable Node<S> parent;

    /** Tokens of the parent that come before this run. */
    final int offset;

    final int[] tokens;
    final @Nullable S span;
    final Map<Long, Node<S>> children = new HashMap<>();
    int pins;
    long lastUse;

    Node(@Nullable Node<S> parent, int offset, int[] tokens, @Nullable S span) {
      this.parent = parent;
      this.offset = offset;
      this.tokens = tokens;
      this.span = span;
    }
  }

  /**
   * The cached start of a token sequence: {@code parts} in order, {@code tokens} in all. Its nodes
   * are pinned until {@link #release}.
   */
  record Match<S>(Node<S> last, int lastTokens, List<Used<S>> parts, int tokens) {}

  /** The first {@code tokens} tokens of a node. */
  record Used<S>(S span, int tokens) {}

  /** Texts without a policy. */
  private final Node<S> root = new Node<>(null, 0, new int[0], null);

  private final Map<TokenKey, Node<S>> policies = new HashMap<>();
  private final Consumer<S> free;
  private long uses;
  private long tokens;
  private int nodes;
  private long evictions;

  /** An empty cache; {@code free} gets the span of every evicted node. */
  PrefixCache(Consumer<S> free) {
    this.free = free;
  }

  /**
   * Finds and pins the longest cached start of {@code sequence}, at most {@code limit} tokens; none
   * if its policy is not there.
   *
   * @param policy how many of its first tokens are the policy; 0 = it has none
   */
  Match<S> match(int[] sequence, int policy, int limit) {
    uses++;
    Node<S> node = policy == 0 ? root : policies.get(TokenKey.of(sequence, policy));
    if (node == null) {
      return pinned(root, 0, List.of());
    }
    List<Used<S>> parts = new ArrayList<>();
    int nodeTokens = Math.min(policy, limit);
    if (policy > 0) {
      use(node, nodeTokens, parts);
    }
    int position = nodeTokens;
    while (position < limit) {
      Node<S> child = node.children.get(key(nodeTokens, sequence[position]));
      if (child == null) {
        break;
      }
      int shared = sharedTokens(child.tokens, sequence, position, limit);
      use(child, shared, parts);
      position += shared;
      node = child;
      nodeTokens = shared;
    }
    return pinned(node, nodeTokens, parts);
  }

  /**
   * Finds and pins the policy that begins most as {@code policy} does, which is not there.
   *
   * @param limit most tokens; with 0 nothing is pinned
   */
  Match<S> matchBeginning(int[] policy, int limit) {
    uses++;
    Node<S> best = root;
    int most = 0;
    for (Node<S> other : policies.values()) {
      int shared = sharedTokens(other.tokens, policy, 0, limit);
      if (shared > most) {
        most = shared;
        best = other;
      }
    }
    List<Used<S>> parts = new ArrayList<>();
    if (most > 0) {
      use(best, most, parts);
    }
    return pinned(best, most, parts);
  }

  private void use(Node<S> node, int count, List<Used<S>> parts) {
    node.lastUse = uses;
    parts.add(new Used<>(span(node), count));
  }

  private Match<S> pinned(Node<S> last, int lastTokens, List<Used<S>> parts) {
    pin(last, 1);
    int count = parts.stream().mapToInt(Used::tokens).sum();
    return new Match<>(last, lastTokens, List.copyOf(parts), count);
  }

  /** Whether all of {@code policy} is there. */
  boolean hasPolicy(int[] policy) {
    return policies.containsKey(new TokenKey(policy));
  }

  private static int sharedTokens(int[] run, int[] sequence, int from, int limit) {
    int count = 0;
    while (count < run.length && from + count < limit && run[count] == sequence[from + count]) {
      count++;
    }
    return count;
  }

  /**
   * Adds a whole policy; the cache then owns the span.
   *
   * @return false if it is there already: the caller keeps the span
   */
  boolean addPolicy(int[] policy, S span) {
    Node<S> node = new Node<>(null, 0, policy, span);
    return policies.putIfAbsent(new TokenKey(policy), node) == null && added(node);
  }

  /**
   * Hangs a run of text behind a match that is still pinned; the cache then owns the span.
   *
   * @return false if the cache has a run with the same first token there already: the caller keeps
   *     the span
   */
  boolean insert(Match<S> match, int[] run, S span) {
    long key = key(match.lastTokens(), run[0]);
    Node<S> last = match.last();
    boolean continues =
        match.lastTokens() < last.tokens.length && last.tokens[match.lastTokens()] == run[0];
    if (continues || last.children.containsKey(key)) {
      return false;
    }
    Node<S> node = new Node<>(last, match.lastTokens(), run, span);
    last.children.put(key, node);
    return added(node);
  }

  private boolean added(Node<S> node) {
    node.lastUse = uses;
    nodes++;
    tokens += node.tokens.length;
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
   * Evicts the least recently used run of text that nobody uses and nothing hangs behind; if there
   * is none, the least recently used policy.
   *
   * @return false if everything is in use
   */
  boolean evictOne() {
    Node<S> victim = oldestBehind(root, null);
    for (Node<S> policy : policies.values()) {
      victim = oldestBehind(policy, victim);
    }
    if (victim == null) {
      for (Node<S> policy : policies.values()) {
        victim = older(policy, victim);
      }
    }
    if (victim == null) {
      return false;
    }
    if (victim.parent == null) {
      policies.remove(new TokenKey(victim.tokens));
    } else {
      victim.parent.children.remove(key(victim.offset, victim.tokens[0]));
    }
    nodes--;
    tokens -= victim.tokens.length;
    evictions++;
    free.accept(span(victim));
    return true;
  }

  private @Nullable Node<S> oldestBehind(Node<S> node, @Nullable Node<S> best) {
    Node<S> found = best;
    for (Node<S> child : node.children.values()) {
      found = oldestBehind(child, older(child, found));
    }
    return found;
  }

  private @Nullable Node<S> older(Node<S> node, @Nullable Node<S> best) {
    boolean free = node.pins == 0 && node.children.isEmpty();
    return free && (best == null || node.lastUse < best.lastUse) ? node : best;
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
