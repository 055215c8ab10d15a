package dev.pukara.guard.text;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Finds the parts of a text whose words read as words once they are transformed, not before. */
final class Segments {
  private static final Pattern WORD = Pattern.compile("\\p{L}+(?:['’]\\p{L}+)?");

  /** The transformed words must be likelier by so many bits: a chance of one in ten million. */
  private static final double GAIN_BITS_MIN = 24;

  private static final int LETTERS_MIN = 16;

  private static final int WORDS_MIN = 4;
  private static final int SHORT_LETTERS_MIN = 8;
  private static final int SHORT_WORD_MIN = 3;

  /** Of the transformed words of two letters and more. */
  private static final double KNOWN_MIN = 0.6;

  private final String text;
  private final List<MatchResult> words;
  private final double[] bits;

  Segments(String text) {
    this.text = text;
    this.words = WORD.matcher(text).results().toList();
    this.bits = words.stream().mapToDouble(word -> bits(word.group())).toArray();
  }

  /**
   * The text with all such parts transformed; the very same string if it has none.
   *
   * @param transform of one word
   * @param whole of a part, punctuation at its ends included
   */
  String replace(UnaryOperator<String> transform, UnaryOperator<String> whole) {
    List<String> after = words.stream().map(word -> transform.apply(word.group())).toList();
    double[] gains = new double[bits.length];
    Arrays.setAll(gains, i -> bits[i] - bits(after.get(i)));
    StringBuilder replaced = new StringBuilder();
    int done = 0;
    for (MaximalRuns.Run run : MaximalRuns.of(gains)) {
      if (run.gain() < GAIN_BITS_MIN || !reads(after.subList(run.from(), run.to()))) {
        continue;
      }
      int start = Math.max(done, start(run.from(), after));
      int end = end(run.to(), after);
      replaced.append(text, done, start).append(whole.apply(text.substring(start, end)));
      done = end;
    }
    return done == 0 ? text : replaced.append(text, done, text.length()).toString();
  }

  /** A word that reads the same either way belongs to its neighbours. */
  private int start(int first, List<String> after) {
    int word = first;
    while (word > 0 && after.get(word - 1).equals(words.get(word - 1).group())) {
      word--;
    }
    int start = words.get(word).start();
    while (start > 0 && isPunctuation(text.charAt(start - 1))) {
      start--;
    }
    return start;
  }

  private int end(int behind, List<String> after) {
    int word = behind;
    while (word < words.size() && after.get(word).equals(words.get(word).group())) {
      word++;
    }
    int end = words.get(word - 1).end();
    while (end < text.length() && isPunctuation(text.charAt(end))) {
      end++;
    }
    return end;
  }

  /** True unless the text is mostly words and no part of it is long and strange. */
  boolean needsALook() {
    long known = words.stream().filter(word -> Language.isWord(word.group())).count();
    if (2 * known < words.size()) {
      return true;
    }
    int letters = 0;
    for (MatchResult match : words) {
      String word = match.group();
      if (!Language.isWord(word)) {
        letters += word.length();
      } else if (word.length() > SHORT_WORD_MIN) {
        letters = 0;
      }
      if (letters >= LETTERS_MIN) {
        return true;
      }
    }
    return false;
  }

  private static boolean isPunctuation(char c) {
    return !Character.isLetterOrDigit(c) && !Character.isWhitespace(c);
  }

  private static double bits(String word) {
    return Language.isWord(word) ? Math.min(8, Language.bits(word)) : Language.bits(word) + 4;
  }

  /**
   * Short parts turn into words by accident: they must be words throughout. Single letters do not
   * tell words from formulas, and repeating a word makes it no likelier.
   */
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
    if (words.stream()
            .map(word -> word.toLowerCase(Locale.ROOT))
            .distinct()
            .mapToInt(String::length)
            .sum()
        < SHORT_LETTERS_MIN) {
      return false;
    }
    boolean shortPart = letters < LETTERS_MIN || words.size() < WORDS_MIN;
    return shortPart
        ? known == words.size() && shortest >= SHORT_WORD_MIN
        : 2 * longer >= words.size() && known >= KNOWN_MIN * longer;
  }
}
