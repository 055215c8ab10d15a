package dev.pukara.guard.text;

import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;

/** The 25 Caesar shifts, rot13 first, and Atbash: the one whose words read as words. */
final class Shifted implements Decoder {
  private static final int LETTERS = 26;
  private static final int ROT13 = 13;

  @Override
  public String decode(String text) {
    List<MatchResult> words = Segments.words(text);
    String plain = decode(text, words, word -> shift(word, ROT13));
    if (!plain.equals(text)) {
      return plain;
    }
    if (mostlyWords(words)) {
      return text;
    }
    for (int by = 1; by < LETTERS; by++) {
      int shift = by;
      plain = decode(text, words, word -> shift(word, shift));
      if (!plain.equals(text)) {
        return plain;
      }
    }
    return decode(text, words, Shifted::atbash);
  }

  private static String decode(
      String text, List<MatchResult> words, UnaryOperator<String> transform) {
    Segments part = Segments.best(text, words, transform);
    return part.isEmpty() ? text : part.replace(text, transform);
  }

  /** Most texts are, and need no further look. */
  private static boolean mostlyWords(List<MatchResult> words) {
    long known = words.stream().filter(word -> Language.isWord(word.group())).count();
    return 2 * known >= words.size();
  }

  static String shift(String text, int by) {
    return map(text, letter -> (letter + by) % LETTERS);
  }

  static String atbash(String text) {
    return map(text, letter -> LETTERS - 1 - letter);
  }

  private static String map(String text, IntUnaryOperator mapping) {
    StringBuilder mapped = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      char first = c >= 'a' && c <= 'z' ? 'a' : c >= 'A' && c <= 'Z' ? 'A' : 0;
      mapped.append(first == 0 ? c : (char) (first + mapping.applyAsInt(c - first)));
    }
    return mapped.toString();
  }
}
