package dev.pukara.guard.text;

import java.text.Normalizer;

/**
 * Characters that read as others: invisible ones dropped, messages hidden in tags and variation
 * selectors brought to light, styled letters made plain (NFKC), stacked marks and look-alikes
 * folded. Text in another script, emoji, ligatures and joiners where a script needs them do not
 * count as disguise.
 *
 * <p>Not ICU4J's {@code SpoofChecker}: its skeletons are for comparing ({@code m} becomes {@code
 * rn}), not for reading, and it weighs 14 MB.
 */
final class Characters implements Decoder {
  /** Fewer styled letters are a stylistic device: a superscript, a trade mark. */
  private static final int STYLED_MIN = 3;

  private static final int MARKS_MIN = 3;
  private static final int MARKS_MAX = 30;

  @Override
  public String decode(String text) {
    if (isAscii(text)) {
      return text;
    }
    Invisible visible = Invisible.reveal(text);
    String plain = enclosed(visible.text());
    boolean styled = styledLetters(plain) >= STYLED_MIN;
    plain = Normalizer.normalize(withoutPiles(plain), Normalizer.Form.NFKC);
    int marks = looseMarks(plain);
    if (marks >= MARKS_MIN) {
      plain = withoutMarks(plain);
    }
    String folded = LookAlikes.fold(plain);
    boolean disguised = visible.found() || styled || marks >= MARKS_MIN || !folded.equals(plain);
    return disguised ? folded : text;
  }

  private static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) > 0x7F) {
        return false;
      }
    }
    return true;
  }

  /** Letters in circles and squares, for which NFKC knows nothing. */
  private static String enclosed(String text) {
    if (text.codePoints().noneMatch(Characters::isEnclosed)) {
      return text;
    }
    StringBuilder plain = new StringBuilder();
    text.codePoints()
        .map(code -> isEnclosed(code) ? 'A' + (code - 0x1F150) % 0x20 : code)
        .forEach(plain::appendCodePoint);
    return plain.toString();
  }

  private static boolean isEnclosed(int code) {
    return code >= 0x1F150 && code < 0x1F18A && (code - 0x1F150) % 0x20 < 26;
  }

  /**
   * Normalizing sorts the marks of a letter in quadratic time. No language piles up so many:
   * Unicode's stream-safe format ends them there too.
   */
  private static String withoutPiles(String text) {
    StringBuilder plain = new StringBuilder(text.length());
    int marks = 0;
    for (int i = 0; i < text.length(); ) {
      int code = text.codePointAt(i);
      i += Character.charCount(code);
      marks = isPiled(code) ? marks + 1 : 0;
      if (marks <= MARKS_MAX) {
        plain.appendCodePoint(code);
      }
    }
    return plain.toString();
  }

  /** Half-width voicing marks are letters that become marks. */
  private static boolean isPiled(int code) {
    return isMark(code)
        || Character.getType(code) == Character.COMBINING_SPACING_MARK
        || code == 0xFF9E
        || code == 0xFF9F;
  }

  /** Index letters of formulas stand alone, those of a disguise stand together. */
  private static int styledLetters(String text) {
    int count = 0;
    boolean raised = false;
    for (int i = 0; i < text.length(); ) {
      int code = text.codePointAt(i);
      i += Character.charCount(code);
      boolean raisedBefore = raised;
      raised = Character.getType(code) == Character.MODIFIER_LETTER;
      if (code > 0xBE && (!raised || raisedBefore)) {
        String plain = Normalizer.normalize(Character.toString(code), Normalizer.Form.NFKC);
        count += plain.length() == 1 && isAsciiLetter(plain.charAt(0)) ? 1 : 0;
      }
    }
    return count;
  }

  /** Marks on Latin letters that no composed letter has. */
  private static int looseMarks(String composed) {
    int count = 0;
    boolean latin = false;
    for (int i = 0; i < composed.length(); i++) {
      char c = composed.charAt(i);
      if (isMark(c)) {
        count += latin ? 1 : 0;
      } else {
        latin = Character.UnicodeScript.of(c) == Character.UnicodeScript.LATIN;
      }
    }
    return count;
  }

  private static String withoutMarks(String text) {
    String parts = Normalizer.normalize(text, Normalizer.Form.NFD);
    StringBuilder plain = new StringBuilder();
    parts.codePoints().filter(code -> !isMark(code)).forEach(plain::appendCodePoint);
    return plain.toString();
  }

  private static boolean isMark(int code) {
    int type = Character.getType(code);
    return type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK;
  }

  private static boolean isAsciiLetter(char c) {
    return c < 0x80 && Character.isLetter(c);
  }
}
