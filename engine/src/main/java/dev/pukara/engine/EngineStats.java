package dev.pukara.engine;

import dev.pukara.kernels.ProductCounts;

/**
 * Counters since the start.
 *
 * @param answered requests answered
 * @param refused requests not answered (busy, timeout, closed, too long, failed, cancelled)
 * @param steps forward passes
 * @param computedTokens tokens that went through a forward pass
 * @param cachedTokens tokens of answered requests that came from the cache
 * @param reservedBytes native memory for keys and values, now; never more than {@link
 *     EngineOptions#cacheBytesMax}
 * @param cacheBytes of these, what holds keys and values; the rest is ready for the next ones
 * @param keptBytes of these, what the cache keeps for later requests; all of it if none runs
 * @param cacheNodes runs of tokens in the cache, now
 * @param evictions runs evicted
 * @param waiting requests waiting or running, now
 * @param productsAhead matrix products compiled ahead
 * @param productsOnDemand matrix products compiled when weights were packed or a request needed
 *     them
 * @param aheadLeft products that may still be compiled ahead, now; 1 before they are counted
 */
public record EngineStats(
    long answered,
    long refused,
    long steps,
    long computedTokens,
    long cachedTokens,
    long reservedBytes,
    long cacheBytes,
    long keptBytes,
    int cacheNodes,
    long evictions,
    int waiting,
    int productsAhead,
    int productsOnDemand,
    int aheadLeft) {
  /** Before anything happened. */
  static final EngineStats NONE = new EngineStats(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

  /** The same with other counts of products. */
  EngineStats withProducts(ProductCounts products, int left) {
    return new EngineStats(
        answered,
        refused,
        steps,
        computedTokens,
        cachedTokens,
        reservedBytes,
        cacheBytes,
        keptBytes,
        cacheNodes,
        evictions,
        waiting,
        products.ahead(),
        products.onDemand(),
        left);
  }

  /** Share of tokens that came from the cache, 0 to 1. */
  public double hitRate() {
    long all = computedTokens + cachedTokens;
    return all == 0 ? 0 : (double) cachedTokens / all;
  }
}
