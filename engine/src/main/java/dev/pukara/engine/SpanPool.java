package dev.pukara.engine;

import dev.pukara.kernels.KvSpan;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Native memory for keys and values within a budget. Spans come in sizes of a power of two tokens
 * (at least 16) and are used again: making and closing native memory costs more than a short
 * forward pass.
 *
 * <p>Invariant: {@code usedBytes + idleBytes <= budget}. One thread.
 */
final class SpanPool implements AutoCloseable {
  private static final int SMALLEST = 16;

  /** A span and the memory that it lies in. */
  private record Slab(Arena arena, KvSpan span) {}

  /** Makes a span in an arena. */
  interface Maker {
    KvSpan make(Arena arena, int tokens);
  }

  private final long budget;
  private final IntToLongFunction bytes;
  private final Maker maker;
  private final Map<Integer, Deque<Slab>> idle = new HashMap<>();
  private final Map<KvSpan, Slab> used = new HashMap<>();
  private long usedBytes;
  private long idleBytes;

  SpanPool(long budget, IntToLongFunction bytes, Maker maker) {
    this.budget = budget;
    this.bytes = bytes;
    this.maker = maker;
  }

  /** Bytes that all spans together may have. */
  long budget() {
    return budget;
  }

  /** A span for at least {@code tokens} tokens, or null if the budget has no room now. */
  @Nullable KvSpan take(int tokens) {
    int size = size(tokens);
    Deque<Slab> ready = idle.get(size);
    Slab slab = ready == null ? null : ready.pollFirst();
    if (slab != null) {
      idleBytes -= bytes.applyAsLong(size);
    } else {
      slab = make(size);
      if (slab == null) {
        return null;
      }
    }
    used.put(slab.span(), slab);
    usedBytes += bytes.applyAsLong(size);
    return slab.span();
  }

  private @Nullable Slab make(int size) {
    long need = bytes.applyAsLong(size);
    while (usedBytes + idleBytes + need > budget) {
      if (!dropIdle()) {
        return null;
      }
    }
    Arena arena = Arena.ofShared();
    try {
      return new Slab(arena, maker.make(arena, size));
    } catch (RuntimeException | Error e) {
      arena.close(); // a part of it may have been allocated
      throw e;
    }
  }

  private boolean dropIdle() {
    for (Map.Entry<Integer, Deque<Slab>> entry : idle.entrySet()) {
      Slab slab = entry.getValue().pollFirst();
      if (slab != null) {
        idleBytes -= bytes.applyAsLong(entry.getKey());
        slab.arena().close();
        return true;
      }
    }
    return false;
  }

  /** Takes a span back. */
  void give(KvSpan span) {
    Slab slab = used.remove(span);
    if (slab == null) {
      throw new IllegalStateException("span is not in use");
    }
    usedBytes -= bytes.applyAsLong(span.capacity());
    idleBytes += bytes.applyAsLong(span.capacity());
    idle.computeIfAbsent(span.capacity(), size -> new ArrayDeque<>()).addFirst(slab);
  }

  /** True if a span for {@code tokens} tokens fits an empty pool. */
  boolean fits(int tokens) {
    return bytes.applyAsLong(size(tokens)) <= budget;
  }

  /** The capacity of the span that {@link #take} gives. */
  static int size(int tokens) {
    return Math.max(SMALLEST, Integer.highestOneBit(Math.max(1, tokens - 1)) << 1);
  }

  /** Bytes of spans in use. */
  long usedBytes() {
    return usedBytes;
  }

  /** Bytes of spans in use or kept for the next use. */
  long reservedBytes() {
    return usedBytes + idleBytes;
  }

  @Override
  public void close() {
    used.values().forEach(slab -> slab.arena().close());
    idle.values().forEach(slabs -> slabs.forEach(slab -> slab.arena().close()));
    used.clear();
    idle.clear();
  }
}
