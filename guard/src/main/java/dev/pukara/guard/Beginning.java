package dev.pukara.guard;

import java.util.Optional;

/**
 * The start of a long message, read by itself: what is asked first and then buried under friendly
 * text is asked all the same. The reading costs what a short message costs.
 */
final class Beginning {
  /** Shorter messages are read as one. */
  private static final int LONG_WORDS = 100;

  /** The beginning ends with the sentence that is reached after so many words, */
  private static final int WORDS_MIN = 8;

  /** or after so many words, if none ends before. */
  private static final int WORDS_MAX = 40;

  private Beginning() {}

  /** The first sentences of a long text; nothing if it is short. */
  static Optional<String> of(String text) {
    int words = 0;
    int sentenceEnd = -1;
    int wordsEnd = -1;
    for (int i = 1; i <= text.length(); i++) {
      boolean ends =
          !Character.isWhitespace(text.charAt(i - 1))
              && (i == text.length() || Character.isWhitespace(text.charAt(i)));
      if (!ends) {
        continue;
      }
      words++;
      if (sentenceEnd < 0 && words >= WORDS_MIN && ".?!".indexOf(text.charAt(i - 1)) >= 0) {
        sentenceEnd = i;
      }
      if (words == WORDS_MAX) {
        wordsEnd = i;
      }
      if (words >= LONG_WORDS) {
        return Optional.of(
            text.substring(0, sentenceEnd < 0 ? wordsEnd : Math.min(sentenceEnd, wordsEnd)));
      }
    }
    return Optional.empty();
  }
}
