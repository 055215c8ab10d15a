package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.Objects;

/**
 * Keys and values of a run of consecutive tokens, for all blocks of a model: one node of the prefix
 * cache or the growing end of a sequence.
 *
 * <p>Layout: {@code keys (blocks, kvHeads, capacity, headSize)}, f32 or bf16, RoPE already applied;
 * {@code values} the same. One KV head's tokens lie together, so that scores are one product of
 * queries with a dense matrix.
 */
public final class KvSpan {
  private final int blocks;
  private final int kvHeads;
  private final int headSize;
  private final int capacity;
  private final int valueBytes;
  private final MemorySegment keys;
  private final MemorySegment values;

  /** Tokens behind the last one that may be read (not used): products have few sizes. */
  static final int SPARE = 64;

  private KvSpan(Arena arena, int blocks, int kvHeads, int headSize, int capacity, int valueBytes) {
    if (blocks <= 0 || kvHeads <= 0 || headSize <= 0 || capacity <= 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "span of %d blocks, %d heads of %d, %d tokens",
              blocks,
              kvHeads,
              headSize,
              capacity));
    }
    this.blocks = blocks;
    this.kvHeads = kvHeads;
    this.headSize = headSize;
    this.capacity = capacity;
    this.valueBytes = valueBytes;
    long bytes = ((long) blocks * kvHeads * capacity + SPARE) * headSize * valueBytes;
    this.keys = arena.allocate(bytes, 64);
    this.values = arena.allocate(bytes, 64);
  }

  /** Makes a span of f32 for {@code capacity} tokens. */
  public static KvSpan allocate(Arena arena, int blocks, int kvHeads, int headSize, int capacity) {
    return new KvSpan(arena, blocks, kvHeads, headSize, capacity, Float.BYTES);
  }

  /** Makes a span of bf16. */
  static KvSpan allocateBf16(Arena arena, int blocks, int kvHeads, int headSize, int capacity) {
    return new KvSpan(arena, blocks, kvHeads, headSize, capacity, Short.BYTES);
  }

  /** Bytes that a span of f32 takes. */
  public static long bytes(int blocks, int kvHeads, int headSize, int capacity) {
    return 8L * ((long) blocks * kvHeads * capacity + SPARE) * headSize;
  }

  /** Transformer blocks. */
  public int blocks() {
    return blocks;
  }

  /** Key/value heads. */
  public int kvHeads() {
    return kvHeads;
  }

  /** Values of one head. */
  public int headSize() {
    return headSize;
  }

  /** Tokens that fit. */
  public int capacity() {
    return capacity;
  }

  /** True if keys and values are bf16, false if they are f32. */
  boolean isBf16() {
    return valueBytes == Short.BYTES;
  }

  /** Bytes of one token's key (or value) in one head. */
  int tokenBytes() {
    return headSize * valueBytes;
  }

  /** Keys of one head of one block of a span of f32: {@code (capacity, headSize)}. */
  public Tensor keys(int block, int kvHead) {
    return head(keys, block, kvHead);
  }

  /** Values of one head of one block of a span of f32: {@code (capacity, headSize)}. */
  public Tensor values(int block, int kvHead) {
    return head(values, block, kvHead);
  }

  private Tensor head(MemorySegment all, int block, int kvHead) {
    if (isBf16()) {
      throw new IllegalStateException("a span of bf16 read as f32");
    }
    return Tensor.wrap(
        all.asSlice(offset(block, kvHead), (long) capacity * tokenBytes()), capacity, headSize);
  }

  private long offset(int block, int kvHead) {
    return ((long) block * kvHeads + kvHead) * capacity * tokenBytes();
  }

  /** Address of the keys of one head of one block, in the span's own type. */
  long keyAddress(int block, int kvHead) {
    return keys.address() + offset(block, kvHead);
  }

  /** Address of the values of one head of one block, in the span's own type. */
  long valueAddress(int block, int kvHead) {
    return values.address() + offset(block, kvHead);
  }

  /** Copies tokens {@code from..from + count} to {@code target}, a span of the same model. */
  public void copyTo(int from, int count, KvSpan target, int at) {
    Objects.checkFromIndexSize(from, count, capacity);
    Objects.checkFromIndexSize(at, count, target.capacity);
    long run = (long) count * tokenBytes();
    for (int block = 0; block < blocks; block++) {
      for (int head = 0; head < kvHeads; head++) {
        long here = offset(block, head) + (long) from * tokenBytes();
        long there = target.offset(block, head) + (long) at * tokenBytes();
        MemorySegment.copy(keys, here, target.keys, there, run);
        MemorySegment.copy(values, here, target.values, there, run);
      }
    }
  }

  /**
   * Bytes of {@link #copyTo(int, MemorySegment)}: keys and values of {@code tokens} tokens,
   * densely.
   */
  public long denseBytes(int tokens) {
    return 2L * blocks * kvHeads * tokens * tokenBytes();
  }

  /**
   * Copies the first {@code tokens} tokens to {@code out}: keys {@code (blocks, kvHeads, tokens,
   * headSize)}, then values, in the span's own type.
   */
  public void copyTo(int tokens, MemorySegment out) {
    copy(tokens, out, true);
  }

  /** Fills the first {@code tokens} tokens with what {@link #copyTo(int, MemorySegment)} wrote. */
  public void copyFrom(int tokens, MemorySegment in) {
    copy(tokens, in, false);
  }

  private void copy(int tokens, MemorySegment dense, boolean out) {
    if (tokens > capacity || dense.byteSize() < denseBytes(tokens)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%d tokens in %d bytes, span of %d tokens",
              tokens,
              dense.byteSize(),
              capacity));
    }
    long run = (long) tokens * tokenBytes();
    long at = 0;
    for (MemorySegment all : new MemorySegment[] {keys, values}) {
      for (int block = 0; block < blocks; block++) {
        for (int head = 0; head < kvHeads; head++) {
          MemorySegment own = all.asSlice(offset(block, head), run);
          MemorySegment there = dense.asSlice(at, run);
          MemorySegment.copy(out ? own : there, 0, out ? there : own, 0, run);
          at += run;
        }
      }
    }
  }
}
