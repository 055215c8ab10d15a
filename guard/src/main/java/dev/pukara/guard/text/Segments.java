package dev.pukara.guard.text;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Finds the part of a text whose words read as words once they are transformed, and not before.
 *
 * @param start of the part
 * @param end of the part; equal to start if there is none
 */
record Segments(int start, int end) {
  private static final Pattern WORD = Pattern.compile("\\p{L}+(?:['’]\\p{L}+)?");

  /** The transformed words must be likelier by so many bits: a chance of one in ten million. */
  private static final double GAIN_BITS_MIN = 24;

  private static final int LETTERS_MIN = 16;

  private static final int WORDS_MIN = 4;
  private static final int SHORT_LETTERS_MIN = 8;
  private static final int SHORT_WORD_MIN = 3;

  /** Of the transformed words of two letters and more. */
  private static final double KNOWN_MIN = 0.6;

  static List<MatchResult> words(String text) {
    return WORD.matcher(text).results().toList();
  }

  /** The run of words with the highest gain, and the punctuation at its ends. */
  static Segments best(String text, List<MatchResult> words, UnaryOperator<String> transform) {
    List<String> after = new ArrayList<>(words.size());
    double sum = 0;
    double best = 0;
    int from = 0;
    int bestFrom = 0;
    int bestTo = 0;
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i).group();
      String other = transform.apply(word);
      after.add(other);
      if (sum <= 0) {
        sum = 0;
        from = i;
      }
      sum += bits(word) - bits(other);
      if (sum > best) {
        best = sum;
        bestFrom = from;
        bestTo = i + 1;
      }
    }
    if (best < GAIN_BITS_MIN || !reads(after.subList(bestFrom, bestTo))) {
      return new Segments(0, 0);
    }
    // A word that reads the same either way belongs to its neighbours.
    while (bestFrom > 0 && after.get(bestFrom - 1).equals(words.get(bestFrom - 1).group())) {
      bestFrom--;
    }
    while (bestTo < words.size() && after.get(bestTo).equals(words.get(bestTo).group())) {
      bestTo++;
    }
    int start = words.get(bestFrom).start();
    while (start > 0 && isPunctuation(text.charAt(start - 1))) {
      start--;
    }
    int end = words.get(bestTo - 1).end();
    while (end < text.length() && isPunctuation(text.charAt(end))) {
      end++;
    }
    return new Segments(start, end);
  }

  private static boolean isPunctuation(char c) {
    return !Character.isLetterOrDigit(c) && !Character.isWhitespace(c);
  }

  private static double bits(String word) {
    return Language.isWord(word) ? Math.min(8, Language.bits(word)) : Language.bits(word) + 4;
  }

  /** Short parts turn into words by accident: they must be words throughout. */
  private static boolean reads(List<String> words) {
    int letters = 0;
    int longer = 0;
    int known = 0;
    int shortest = Integer.MAX_VALUE;
    for (String word : words) {
      letters += word.length();
      shortest = Math.min(shortest, word.length());
      if (word.length() > 1) {
        longer++;
        known += Language.isWord(word) ? 1 : 0;
      }
    }
    boolean shortPart = letters < LETTERS_MIN || words.size() < WORDS_MIN;
    return shortPart
        ? known == words.size() && letters >= SHORT_LETTERS_MIN && shortest >= SHORT_WORD_MIN
        : known >= KNOWN_MIN * longer;
  }

  boolean isEmpty() {
    return start == end;
  }

  /** The text with the part transformed. */
  String replace(String text, UnaryOperator<String> transform) {
    return text.substring(0, start)
        + transform.apply(text.substring(start, end))
        + text.substring(end);
  }
}
