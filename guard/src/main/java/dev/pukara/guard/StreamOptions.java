package dev.pukara.guard;

/**
 * How an answer is judged while it is written.
 *
 * @param checkTokens a check is due after so many new tokens, and at the end of a sentence
 * @param sentenceTokens shorter sentences wait for the next one
 * @param holdCharacters how much of the text that passed is held back until the next check, so that
 *     less of a violation is out when it is found
 * @param notice what the reader is told behind the text when the guard stops it
 */
public record StreamOptions(
    int checkTokens, int sentenceTokens, int holdCharacters, String notice) {
  /** Checks every 32 tokens and at sentences of 8 tokens or more; holds 40 characters. */
  public static final StreamOptions DEFAULT =
      new StreamOptions(32, 8, 40, "[This answer was stopped by a safety check.]");

  /** Checks the sizes. */
  public StreamOptions {
    if (checkTokens < 1 || sentenceTokens < 1 || holdCharacters < 0) {
      throw new IllegalArgumentException(
          "checks every "
              + checkTokens
              + " tokens, sentences of "
              + sentenceTokens
              + ", hold of "
              + holdCharacters
              + " characters; expected positive numbers");
    }
  }

  /** With checks at other distances. */
  public StreamOptions withCheckTokens(int value) {
    return new StreamOptions(value, Math.min(value, sentenceTokens), holdCharacters, notice);
  }

  /** With a longer or shorter tail held back. */
  public StreamOptions withHoldCharacters(int value) {
    return new StreamOptions(checkTokens, sentenceTokens, value, notice);
  }

  /** With another notice. */
  public StreamOptions withNotice(String value) {
    return new StreamOptions(checkTokens, sentenceTokens, holdCharacters, value);
  }
}
