package dev.pukara.engine;

import java.time.Duration;

/**
 * Limits of an engine, all of them named.
 *
 * @param queueMax requests that wait or run; one more is refused
 * @param stepTokensMax tokens in one forward pass
 * @param requestTokensMax tokens of one request, its longest branch included
 * @param cacheBytesMax native memory for keys and values, cached and in use
 * @param productsAheadMax matrix products that are compiled before a request needs them, while the
 *     engine is idle: those of the linear layers, of messages of usual length, and of the policies
 *     that were seen; each takes about half a megabyte; 0 = none
 * @param aheadAfter how long no request has been in flight when that begins or goes on
 */
public record EngineOptions(
    int queueMax,
    int stepTokensMax,
    int requestTokensMax,
    long cacheBytesMax,
    int productsAheadMax,
    Duration aheadAfter) {
  /**
   * Defaults: 1,024 requests, 512 tokens a step, 16,384 tokens a request, 1 GiB; 512 products ahead
   * (more than one policy needs) after half a second.
   */
  public static EngineOptions defaults() {
    return new EngineOptions(1024, 512, 16_384, 1L << 30, 512, Duration.ofMillis(500));
  }

  /** Checks that no limit is negative, and that only productsAheadMax and aheadAfter are 0. */
  public EngineOptions {
    if (queueMax <= 0 || stepTokensMax <= 0 || requestTokensMax <= 0 || cacheBytesMax <= 0) {
      throw new IllegalArgumentException("limits must be positive");
    }
    if (productsAheadMax < 0 || aheadAfter.isNegative()) {
      throw new IllegalArgumentException(
          "productsAheadMax " + productsAheadMax + ", aheadAfter " + aheadAfter + ", at least 0");
    }
  }

  /** The same with another cache. */
  public EngineOptions withCacheBytesMax(long bytes) {
    return new EngineOptions(
        queueMax, stepTokensMax, requestTokensMax, bytes, productsAheadMax, aheadAfter);
  }

  /** The same with another step size. */
  public EngineOptions withStepTokensMax(int tokens) {
    return new EngineOptions(
        queueMax, tokens, requestTokensMax, cacheBytesMax, productsAheadMax, aheadAfter);
  }

  /** The same with another queue. */
  public EngineOptions withQueueMax(int requests) {
    return new EngineOptions(
        requests, stepTokensMax, requestTokensMax, cacheBytesMax, productsAheadMax, aheadAfter);
  }

  /** The same with other products ahead. */
  public EngineOptions withProductsAhead(int max, Duration after) {
    return new EngineOptions(queueMax, stepTokensMax, requestTokensMax, cacheBytesMax, max, after);
  }
}
