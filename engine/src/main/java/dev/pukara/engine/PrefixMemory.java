package dev.pukara.engine;

import dev.pukara.kernels.KvSpan;
import dev.pukara.model.Llama;
import java.util.Arrays;
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

  /** Tokens of a prefix that are there, all of them if an earlier run left it. */
  int cachedTokens(int[] prefix) {
    int there = cache.cachedTokens(prefix);
    boolean restored =
        there == 0 && prefix.length > 0 && store.isPresent() && restore(store.get(), prefix);
    return restored ? prefix.length : there;
  }

  private boolean restore(PrefixStore from, int[] prefix) {
    KvSpan span = takeIfItFits(prefix.length);
    if (span == null) {
      return false;
    }
    if (!from.load(prefix, span)) {
      spans.give(span);
      return false;
    }
    PrefixCache.Match<KvSpan> root = cache.match(prefix, 0);
    insert(root, prefix, span, true);
    cache.release(root);
    return true;
  }

  /** What is cached of {@code tokens}, at most {@code max} of them; pinned until released. */
  PrefixCache.Match<KvSpan> match(int[] tokens, int max) {
    return cache.match(tokens, max);
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

  /** Takes a span back. */
  void give(KvSpan span) {
    spans.give(span);
  }

  /**
   * Keeps what was computed of {@code tokens} behind a match.
   *
   * @param own holds tokens of the match too, if {@code copied} is not 0
   * @param copied how many
   * @param prefix whether it is a policy's prefix, which goes last and is left for the next run
   */
  void keep(PrefixCache.Match<KvSpan> match, int[] tokens, KvSpan own, int copied, boolean prefix) {
    int[] run = Arrays.copyOfRange(tokens, match.tokens(), tokens.length);
    if (prefix && match.tokens() == 0) {
      store.ifPresent(keeper -> keeper.keep(run, own));
    }
    if (copied == 0) {
      insert(match, run, own, prefix);
      return;
    }
    KvSpan behind = take(run.length);
    if (behind != null) {
      own.copyTo(copied, run.length, behind, 0);
      insert(match, run, behind, prefix);
    }
    spans.give(own);
  }

  private void insert(PrefixCache.Match<KvSpan> match, int[] run, KvSpan span, boolean preferred) {
    if (cache.insert(match, run, span, preferred)) {
      keptBytes += model.spanBytes(span.capacity());
      if (preferred) {
        whenPrefix.accept(run.length);
      }
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
