package dev.pukara.engine;

/**
 * What the model said.
 *
 * @param logits {@code (branches, candidates)}; one row if the request had no branches
 * @param logNormalizers log of the sum of exp over the whole vocabulary, per row; empty if not
 *     asked for
 * @param tokens tokens of the request
 * @param cachedTokens how many of them came from the cache
 * @param queueNanos from submit to the first forward pass
 * @param computeNanos from there to the answer
 */
public record Answer(
    float[][] logits,
    double[] logNormalizers,
    int tokens,
    int cachedTokens,
    long queueNanos,
    long computeNanos) {}
