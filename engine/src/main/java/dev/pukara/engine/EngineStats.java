package dev.pukara.engine;

/**
 * Counters since the start.
 *
 * @param answered requests answered
 * @param refused requests not answered (busy, timeout, closed, too long, failed, cancelled)
 * @param steps forward passes
 * @param computedTokens tokens that went through a forward pass
 * @param cachedTokens tokens of answered requests that came from the cache
 * @param cacheBytes native memory of keys and values, now
 * @param keptBytes of these, what the cache keeps for later requests; all of it if none runs
 * @param cacheNodes runs of tokens in the cache, now
 * @param evictions runs evicted
 * @param waiting requests waiting or running, now
 */
public record EngineStats(
    long answered,
    long refused,
    long steps,
    long computedTokens,
    long cachedTokens,
    long cacheBytes,
    long keptBytes,
    int cacheNodes,
    long evictions,
    int waiting) {
  /** Share of tokens that came from the cache, 0 to 1. */
  public double hitRate() {
    long all = computedTokens + cachedTokens;
    return all == 0 ? 0 : (double) cachedTokens / all;
  }
}
