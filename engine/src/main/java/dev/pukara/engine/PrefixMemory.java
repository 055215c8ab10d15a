package dev.pukara.engine;

import dev.pukara.kernels.KvSpan;
import dev.pukara.model.Llama;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values within the budget: spans in use, spans that the prefix cache keeps and gives up
 * when room is needed, and prefixes that an earlier run left in the user's cache.
 *
 * <p>Threads: used by one thread at a time.
 */
final class PrefixMemory implements AutoCloseable {
  private final Llama model;
  private final Optional<PrefixStore> store;
  private final IntConsumer whenPrefix;
  private final SpanPool spans;
  private final PrefixCache<KvSpan> cache;
  private long keptBytes;

  /**
   * Memory of {@code bytesMax} bytes at most.
   *
   * @param whenPrefix is told the tokens of every whole prefix that becomes available
   */
  PrefixMemory(Llama model, long bytesMax, Optional<PrefixStore> store, IntConsumer whenPrefix) {
    this.model = model;
    this.store = store;
    this.whenPrefix = whenPrefix;
    this.spans = new SpanPool(bytesMax, model::spanBytes, model::span);
    this.cache = new PrefixCache<>(this::evicted);
  }

  /** Whether the whole policy is there, or was left by an earlier run. */
  boolean hasPolicy(int[] policy) {
    return policy.length == 0
        || cache.hasPolicy(policy)
        || store.isPresent() && restore(store.get(), policy);
  }

  private boolean restore(PrefixStore from, int[] policy) {
    KvSpan span = takeIfItFits(policy.length);
    if (span == null) {
      return false;
    }
    boolean loaded = false;
    try {
      loaded = from.load(policy, span);
    } finally {
      if (!loaded) {
        spans.give(span);
      }
    }
    if (loaded) {
      addPolicy(policy, span);
    }
    return loaded;
  }

  /** Tokens that are there of a policy that is not there as a whole. */
  int cachedBeginning(int[] policy) {
    PrefixCache.Match<KvSpan> match = cache.matchBeginning(policy, policy.length - 1);
    cache.release(match);
    return match.tokens();
  }

  /** What is cached of a sequence, at most {@code max} tokens of it; pinned until released. */
  PrefixCache.Match<KvSpan> match(Sequence sequence, int max) {
    return sequence.isPrefix()
        ? cache.matchBeginning(sequence.tokens, max)
        : cache.match(sequence.tokens, sequence.request.prefix().length, max);
  }

  /** Unpins a match. */
  void release(PrefixCache.Match<KvSpan> match) {
    cache.release(match);
  }

  /** A span, for which cached ones may have to go; null if even that is not enough. */
  @Nullable KvSpan take(int tokens) {
    KvSpan span = spans.take(tokens);
    while (span == null && cache.evictOne()) {
      span = spans.take(tokens);
    }
    return span;
  }

  /** The same, but nothing has to go for what is greater than the whole budget. */
  @Nullable KvSpan takeIfItFits(int tokens) {
    return spans.fits(tokens) ? take(tokens) : null;
  }

  /** Why there is no span, for people. */
  String noRoom(int tokens) {
    return String.format(
        Locale.ROOT,
        "keys and values of %d tokens do not fit cacheBytesMax = %d; raise it or split the text",
        tokens,
        spans.budget());
  }

  /** Takes a span back. */
  void give(KvSpan span) {
    spans.give(span);
  }

  /** Keeps a whole policy, for the next run of the program too. */
  void keepPolicy(int[] policy, KvSpan span) {
    if (addPolicy(policy, span)) { // first: the span has an owner then, even if storing fails
      store.ifPresent(keeper -> keeper.keep(policy, span));
    }
  }

  private boolean addPolicy(int[] policy, KvSpan span) {
    boolean added = cache.addPolicy(policy, span);
    account(span, added);
    if (added) {
      whenPrefix.accept(policy.length);
    }
    return added;
  }

  /**
   * Keeps what was computed of a text behind a match.
   *
   * @param own holds tokens of the match too, if {@code copied} is not 0
   * @param copied how many
   */
  void keepText(PrefixCache.Match<KvSpan> match, int[] tokens, KvSpan own, int copied) {
    int[] run = Arrays.copyOfRange(tokens, match.tokens(), tokens.length);
    if (copied == 0) {
      account(own, cache.insert(match, run, own));
      return;
    }
    try {
      KvSpan behind = take(run.length);
      if (behind != null) {
        own.copyTo(copied, run.length, behind, 0);
        account(behind, cache.insert(match, run, behind));
      }
    } finally {
      spans.give(own);
    }
  }

  private void account(KvSpan span, boolean kept) {
    if (kept) {
      keptBytes += model.spanBytes(span.capacity());
    } else {
      spans.give(span);
    }
  }

  private void evicted(KvSpan span) {
    keptBytes -= model.spanBytes(span.capacity());
    spans.give(span);
  }

  /** Bytes of spans in use or kept for the next use. */
  long reservedBytes() {
    return spans.reservedBytes();
  }

  /** Bytes of spans in use. */
  long usedBytes() {
    return spans.usedBytes();
  }

  /** Bytes that the cache keeps. */
  long keptBytes() {
    return keptBytes;
  }

  /** Runs of tokens in the cache. */
  int nodes() {
    return cache.nodes();
  }

  /** Runs evicted so far. */
  long evictions() {
    return cache.evictions();
  }

  @Override
  public void close() {
    store.ifPresent(PrefixStore::close);
    spans.close();
  }
}
