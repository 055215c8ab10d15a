package dev.pukara.engine;

import java.time.Duration;
import java.util.Set;

/**
 * Greedy decoding: the most probable token is appended until a stop token or the limit comes.
 *
 * @param prefix tokens shared by many requests; may be empty
 * @param stem tokens of this request, at least one
 * @param stops token ids that end the text; they are not part of it
 * @param tokensMax most tokens to decode, at least one
 * @param timeout after which the request is dropped unanswered; zero = never
 */
public record DecodeRequest(
    int[] prefix, int[] stem, Set<Integer> stops, int tokensMax, Duration timeout) {
  /** Checks the limit; {@link Request} checks the rest. */
  public DecodeRequest {
    stops = Set.copyOf(stops);
    if (tokensMax < 1) {
      throw new IllegalArgumentException("tokensMax " + tokensMax + ", expected at least 1");
    }
  }

  /** Without a time limit. */
  public static DecodeRequest of(int[] prefix, int[] stem, Set<Integer> stops, int tokensMax) {
    return new DecodeRequest(prefix, stem, stops, tokensMax, Duration.ZERO);
  }

  /** The first step: which token comes next, of the whole vocabulary. */
  Request question() {
    return Request.of(prefix, stem).withTimeout(timeout);
  }

  /** All tokens that it may come to. */
  long longest() {
    return (long) prefix.length + stem.length + tokensMax;
  }
}
