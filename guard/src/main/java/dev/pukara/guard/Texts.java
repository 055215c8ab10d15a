package dev.pukara.guard;

/** Text operations that must match those of the templates' language. */
final class Texts {
  private Texts() {}

  /**
   * Python's {@code str.strip()}, which the Jinja templates call {@code trim}: all Unicode white
   * space.
   */
  static String strip(String text) {
    int from = 0;
    int to = text.length();
    while (from < to && isSpace(text.charAt(from))) {
      from++;
    }
    while (to > from && isSpace(text.charAt(to - 1))) {
      to--;
    }
    return text.substring(from, to);
  }

  private static boolean isSpace(char c) {
    // Java's two notions together, and NEL, make Python's.
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
  }
}
