package dev.pukara.guard.text;

import java.util.Locale;

/** {@code ALL IN CAPITALS}: sentences begin with one, all other letters become small. */
final class Capitals implements Decoder {
  /** Fewer letters are an abbreviation or a name. */
  private static final int LETTERS_MIN = 12;

  private static final double SHARE_MIN = 0.9;

  @Override
  public String decode(String text) {
    long capitals = text.codePoints().filter(Character::isUpperCase).count();
    long small = text.codePoints().filter(Character::isLowerCase).count();
    boolean shouted = capitals >= LETTERS_MIN && capitals >= SHARE_MIN * (capitals + small);
    return shouted && text.indexOf(' ') >= 0 ? sentences(text.toLowerCase(Locale.ROOT)) : text;
  }

  private static String sentences(String small) {
    StringBuilder out = new StringBuilder(small.length());
    boolean first = true;
    for (int point : small.codePoints().toArray()) {
      boolean begins = first && Character.isLetter(point);
      out.appendCodePoint(begins ? Character.toUpperCase(point) : point);
      first = !begins && (first || point == '.' || point == '!' || point == '?');
    }
    return out.toString();
  }
}
