package dev.pukara.engine;

import java.util.Arrays;

/** The state of a {@link DecodeRequest} on its way. Plain state. */
final class Decoding {
  private final DecodeRequest request;
  private final int[] tokens;
  private int count;
  private boolean stopped;

  Decoding(DecodeRequest request) {
    this.request = request;
    this.tokens = new int[request.tokensMax()];
  }

  /**
   * Takes the logits of the next token.
   *
   * @return the token to go on with, or -1 if the text ends here
   */
  int next(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    if (request.stops().contains(best)) {
      stopped = true;
      return -1;
    }
    tokens[count++] = best;
    return count == tokens.length ? -1 : best;
  }

  /** Tokens that may still be appended to the stem, at most: the last one need not. */
  int appendedLeft() {
    return tokens.length - 1 - count;
  }

  Decoded result(Answer answer) {
    return new Decoded(
        Arrays.copyOf(tokens, count),
        stopped,
        answer.cachedTokens(),
        answer.queueNanos(),
        answer.computeNanos());
  }
}
