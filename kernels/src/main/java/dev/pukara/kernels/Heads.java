package dev.pukara.kernels;

/**
 * Shape of grouped-query attention: {@code queryHeads} is a multiple of {@code kvHeads}; query head
 * {@code h} reads KV head {@code h / (queryHeads / kvHeads)}.
 *
 * @param queryHeads query heads
 * @param kvHeads key/value heads
 * @param size values of one head, even, at most {@value #SIZE_MAX}
 */
public record Heads(int queryHeads, int kvHeads, int size) {
  /** Twice what the largest known models have; {@link PlainRowMath} rotates a head in one piece. */
  public static final int SIZE_MAX = 1024;

  /** Checks divisibility and size. */
  public Heads {
    if (queryHeads <= 0
        || kvHeads <= 0
        || size <= 0
        || size > SIZE_MAX
        || queryHeads % kvHeads != 0
        || size % 2 != 0) {
      throw new IllegalArgumentException(
          queryHeads + " query heads, " + kvHeads + " key/value heads of " + size + " values");
    }
  }

  /** Width of the fused projection: queries, then keys, then values. */
  public int qkvWidth() {
    return (queryHeads + 2 * kvHeads) * size;
  }
}
