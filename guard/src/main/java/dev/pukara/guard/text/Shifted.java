package dev.pukara.guard.text;

import java.util.function.IntUnaryOperator;
import java.util.function.UnaryOperator;

/** The 25 Caesar shifts, rot13 first, and Atbash: those whose words read as words. */
final class Shifted implements Decoder {
  private static final int LETTERS = 26;
  private static final int ROT13 = 13;

  @Override
  public String decode(String text) {
    String plain = without(new Segments(text), word -> shift(word, ROT13));
    Segments segments = new Segments(plain);
    if (!segments.needsALook()) {
      return plain;
    }
    for (int by = 1; by <= LETTERS; by++) {
      int shift = by;
      String next = without(segments, by < LETTERS ? word -> shift(word, shift) : Shifted::atbash);
      if (!next.equals(plain)) {
        plain = next;
        segments = new Segments(plain);
      }
    }
    return plain;
  }

  private static String without(Segments segments, UnaryOperator<String> transform) {
    return segments.replace(transform, transform);
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
