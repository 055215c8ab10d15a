package dev.pukara.engine;

/**
 * A decoded continuation.
 *
 * @param tokens what was decoded, without the stop token
 * @param stopped true if a stop token ended it, false if the limit did
 * @param cachedTokens tokens of the request that came from the cache
 * @param queueNanos from submit to the first forward pass
 * @param computeNanos from there to the end
 */
public record Decoded(
    int[] tokens, boolean stopped, int cachedTokens, long queueNanos, long computeNanos) {}
