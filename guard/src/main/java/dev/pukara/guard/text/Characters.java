package dev.pukara.guard.text;

import java.text.Normalizer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

  private static final int BRAILLE_BLANK = 0x2800;

  /** NFKC makes a sentence of this one sign: a text of it would grow eighteenfold. */
  private static final Pattern NORMALIZED = Pattern.compile("[^\uFDFA]+");

  @Override
  public String decode(String text) {
    Folded folded = fold(text);
    return folded.disguised() ? folded.text() : text;
  }

  /** The text as it is seen, even if nothing in it is a disguise by itself. */
  static String folded(String text) {
    return fold(text).text();
  }

  private record Folded(String text, boolean disguised) {}

  private static Folded fold(String text) {
    if (text.chars().allMatch(c -> c <= 0x7F && !Invisible.isControl(c))) {
      return new Folded(text, false);
    }
    Invisible visible = Invisible.reveal(text);
    boolean styled = styledLetters(visible.text()) >= STYLED_MIN;
    String plain = normalized(withoutPiles(plainSigns(visible.text())));
    int marks = looseMarks(plain);
    if (marks >= MARKS_MIN) {
      plain = withoutMarks(plain);
    }
    String folded = LookAlikes.fold(plain);
    boolean disguised = visible.found() || styled || marks >= MARKS_MIN || !folded.equals(plain);
    return new Folded(folded, disguised);
  }

  private static String normalized(String text) {
    return NORMALIZED
        .matcher(text)
        .replaceAll(
            part ->
                Matcher.quoteReplacement(Normalizer.normalize(part.group(), Normalizer.Form.NFKC)));
  }

  /** Letters in circles, squares and parentheses, of which NFKC makes no letters, and a blank. */
  private static String plainSigns(String text) {
    StringBuilder plain = new StringBuilder(text.length());
    text.codePoints().map(Characters::plainSign).forEach(plain::appendCodePoint);
    return plain.toString();
  }

  private static int plainSign(int code) {
    if (code >= 0x1F150 && code < 0x1F18A && (code - 0x1F150) % 0x20 < 26) {
      return 'A' + (code - 0x1F150) % 0x20;
    }
    if (code >= 0x1F110 && code < 0x1F12A) {
      return 'A' + code - 0x1F110;
    }
    if (code >= 0x249C && code < 0x24B6) {
      return 'a' + code - 0x249C;
    }
    return code == BRAILLE_BLANK ? ' ' : code;
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

  /** Index letters of formulas and of lists stand alone, those of a disguise stand together. */
  private static int styledLetters(String text) {
    int count = 0;
    boolean raised = false;
    for (int i = 0; i < text.length(); ) {
      int code = text.codePointAt(i);
      i += Character.charCount(code);
      boolean raisedBefore = raised;
      raised =
          Character.getType(code) == Character.MODIFIER_LETTER || code >= 0x249C && code < 0x24B6;
      if (code > 0xBE && (!raised || raisedBefore)) {
        String sign = Character.toString(plainSign(code));
        String plain = Normalizer.normalize(sign, Normalizer.Form.NFKC);
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
        latin = isLatin(c);
      }
    }
    return count;
  }

  /** Letters of scripts that do not look like Latin keep their marks. */
  private static String withoutMarks(String text) {
    StringBuilder plain = new StringBuilder(text.length());
    boolean keeps = false;
    for (int code : text.codePoints().toArray()) {
      if (isMark(code)) {
        plain.append(keeps ? Character.toString(code) : "");
        continue;
      }
      keeps = Character.isLetter(code) && !isLatin(code) && !LookAlikes.has(code);
      String letter = Character.toString(code);
      plain.appendCodePoint(
          isLatin(code) ? Normalizer.normalize(letter, Normalizer.Form.NFD).codePointAt(0) : code);
    }
    return plain.toString();
  }

  private static boolean isLatin(int code) {
    return Character.UnicodeScript.of(code) == Character.UnicodeScript.LATIN;
  }

  private static boolean isMark(int code) {
    int type = Character.getType(code);
    return type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK;
  }

  private static boolean isAsciiLetter(char c) {
    return c < 0x80 && Character.isLetter(c);
  }
}
