package dev.pukara.engine;

import java.util.Locale;

/**
 * What a request may be. Checked before it is queued, since a step is shared: one bad request would
 * fail all that are computed with it.
 *
 * @param vocabulary tokens that the model knows
 * @param requestTokensMax of a request, its longest branch included
 * @param branchTokensMax of a branch, which is computed in one step
 */
record RequestLimits(int vocabulary, int requestTokensMax, int branchTokensMax) {
  /**
   * Checks a request.
   *
   * @param tokens that its longest text may come to
   * @throws EngineException if it is too long
   * @throws IllegalArgumentException if the model does not know one of its tokens
   */
  void check(Request request, long tokens) {
    if (tokens > requestTokensMax) {
      throw tooLong(
          "request of %d tokens, at most %d; split the text or raise requestTokensMax",
          tokens, requestTokensMax);
    }
    requireKnown("prefix", request.prefix());
    requireKnown("stem", request.stem());
    requireKnown("candidates", request.candidates());
    for (int[] branch : request.branches()) {
      requireKnown("branch", branch);
      if (branch.length > branchTokensMax) {
        throw tooLong(
            "branch of %d tokens, at most %d; shorten it or raise stepTokensMax",
            branch.length, branchTokensMax);
      }
    }
  }

  private static EngineException tooLong(String message, long tokens, int most) {
    return new EngineException(
        EngineException.Reason.TOO_LONG, String.format(Locale.ROOT, message, tokens, most));
  }

  private void requireKnown(String what, int[] tokens) {
    for (int token : tokens) {
      if (token < 0 || token >= vocabulary) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT, "%s: token %d, vocabulary 0..%d", what, token, vocabulary - 1));
      }
    }
  }
}
