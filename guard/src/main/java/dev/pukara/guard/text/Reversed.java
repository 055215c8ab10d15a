package dev.pukara.guard.text;

import java.util.regex.Pattern;

/** Text written backwards: as a whole, the last word first, or each word in its place. */
final class Reversed implements Decoder {
  private static final Pattern LETTERS = Pattern.compile("\\p{L}+");

  /** A sentence's capital, reversed in its place: {@code woH}. */
  private static final Pattern CAPITAL_LAST =
      Pattern.compile("\\p{Ll}+\\p{Lu}\\b.*", Pattern.DOTALL);

  @Override
  public String decode(String text) {
    return new Segments(text).replace(Reversed::reverse, Reversed::part);
  }

  private static String part(String text) {
    return CAPITAL_LAST.matcher(text).matches() ? eachWord(text) : reverse(text);
  }

  private static String eachWord(String text) {
    return LETTERS.matcher(text).replaceAll(word -> reverse(word.group()));
  }

  private static String reverse(String text) {
    return new StringBuilder(text).reverse().toString();
  }
}
