package dev.pukara.engine;

/**
 * Limits of an engine, all of them named.
 *
 * @param queueMax requests that wait or run; one more is refused
 * @param stepTokensMax tokens in one forward pass
 * @param requestTokensMax tokens of one request
 * @param cacheBytesMax native memory for keys and values, cached and in use
 */
public record EngineOptions(
    int queueMax, int stepTokensMax, int requestTokensMax, long cacheBytesMax) {
  /** Defaults: 1,024 requests, 512 tokens a step, 16,384 tokens a request, 1 GiB. */
  public static EngineOptions defaults() {
    return new EngineOptions(1024, 512, 16_384, 1L << 30);
  }

  /** Checks that every limit is positive. */
  public EngineOptions {
    if (queueMax <= 0 || stepTokensMax <= 0 || requestTokensMax <= 0 || cacheBytesMax <= 0) {
      throw new IllegalArgumentException("limits must be positive");
    }
  }

  /** The same with another cache. */
  public EngineOptions withCacheBytesMax(long bytes) {
    return new EngineOptions(queueMax, stepTokensMax, requestTokensMax, bytes);
  }

  /** The same with another step size. */
  public EngineOptions withStepTokensMax(int tokens) {
    return new EngineOptions(queueMax, tokens, requestTokensMax, cacheBytesMax);
  }

  /** The same with another queue. */
  public EngineOptions withQueueMax(int requests) {
    return new EngineOptions(requests, stepTokensMax, requestTokensMax, cacheBytesMax);
  }
}
