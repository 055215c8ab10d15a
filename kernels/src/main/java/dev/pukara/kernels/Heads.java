package dev.pukara.kernels;

/**
 * Shape of grouped-query attention: {@code queryHeads} is a multiple of {@code kvHeads}; query head
 * {@code h} reads KV head {@code h / (queryHeads / kvHeads)}.
 *
 * @param queryHeads query heads
 * @param kvHeads key/value heads
 * @param size values of one head, even
 */
public record Heads(int queryHeads, int kvHeads, int size) {
  /** Checks divisibility. */
  public Heads {
    if (queryHeads <= 0
        || kvHeads <= 0
        || size <= 0
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
