package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.util.Locale;

/**
 * Keys and values of a run of consecutive tokens, for all blocks of a model: one node of the prefix
 * cache or the growing end of a sequence.
 *
 * <p>Layout: {@code keys (blocks, kvHeads, capacity, headSize)}, f32, RoPE already applied; {@code
 * values} the same. One KV head's tokens lie together, so that scores are one product of queries
 * with a dense matrix.
 */
public final class KvSpan {
  private final int blocks;
  private final int kvHeads;
  private final int headSize;
  private final int capacity;
  private final Tensor keys;
  private final Tensor values;

  private KvSpan(Arena arena, int blocks, int kvHeads, int headSize, int capacity) {
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
    this.keys = Tensor.allocate(arena, blocks * kvHeads * capacity, headSize);
    this.values = Tensor.allocate(arena, blocks * kvHeads * capacity, headSize);
  }

  /** Makes a span for {@code capacity} tokens. */
  public static KvSpan allocate(Arena arena, int blocks, int kvHeads, int headSize, int capacity) {
    return new KvSpan(arena, blocks, kvHeads, headSize, capacity);
  }

  /** Bytes that a span takes. */
  public static long bytes(int blocks, int kvHeads, int headSize, int capacity) {
    return 8L * blocks * kvHeads * headSize * capacity;
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

  /** Keys of one head of one block: {@code (capacity, headSize)}. */
  public Tensor keys(int block, int kvHead) {
    return keys.rows((block * kvHeads + kvHead) * capacity, capacity);
  }

  /** Values of one head of one block: {@code (capacity, headSize)}. */
  public Tensor values(int block, int kvHead) {
    return values.rows((block * kvHeads + kvHead) * capacity, capacity);
  }

  /** Address of {@code keys(block, kvHead)}. */
  long keyAddress(int block, int kvHead) {
    return keys.address() + 4L * (block * kvHeads + kvHead) * capacity * headSize;
  }

  /** Address of {@code values(block, kvHead)}. */
  long valueAddress(int block, int kvHead) {
    return values.address() + 4L * (block * kvHeads + kvHead) * capacity * headSize;
  }
}
