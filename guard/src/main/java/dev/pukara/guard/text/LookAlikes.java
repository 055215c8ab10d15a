package dev.pukara.guard.text;

import java.util.HashMap;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/**
 * Latin letters written with letters of Cyrillic, Greek, Armenian and others that look like them. A
 * word is folded if it mixes scripts, or if a Latin text holds it and all its letters look Latin.
 */
final class LookAlikes {
  private static final Map<Integer, Integer> LATIN = table();

  /** Fewer letters are words by accident. */
  private static final int LETTERS_MIN = 5;

  private LookAlikes() {}

  static boolean has(int code) {
    return LATIN.containsKey(code);
  }

  static String fold(String text) {
    if (text.codePoints().noneMatch(LATIN::containsKey)) {
      return text;
    }
    boolean latin = isMostlyLatin(text) || readsAsLatin(text);
    String folded = fold(text, latin, 2);
    // Where words mix scripts, a lone Cyrillic letter is a disguise too.
    return folded.equals(text) ? text : fold(folded, latin, 1);
  }

  private static String fold(String text, boolean latinText, int wholeMin) {
    StringBuilder folded = new StringBuilder();
    for (int i = 0; i < text.length(); ) {
      int end = wordEnd(text, i);
      if (end == i) {
        int code = text.codePointAt(i);
        folded.appendCodePoint(code);
        i += Character.charCount(code);
      } else {
        folded.append(word(text.substring(i, end), latinText, wholeMin));
        i = end;
      }
    }
    return folded.toString();
  }

  private static String word(String word, boolean latinText, int wholeMin) {
    int ascii = 0;
    int alike = 0;
    int phonetic = 0;
    int other = 0;
    for (int i = 0; i < word.length(); ) {
      int code = word.codePointAt(i);
      i += Character.charCount(code);
      if (code < 0x80) {
        ascii += Character.isLetter(code) ? 1 : 0;
      } else {
        boolean latin = Character.UnicodeScript.of(code) == Character.UnicodeScript.LATIN;
        boolean known = LATIN.containsKey(code);
        alike += known && !latin ? 1 : 0;
        phonetic += known && latin ? 1 : 0;
        other += known || latin ? 0 : 1;
      }
    }
    // One phonetic letter is phonetics or Turkish.
    int signs = alike + phonetic;
    boolean mixed = ascii > 0 && (alike > 0 || phonetic > 1);
    boolean whole = latinText && signs >= wholeMin && other == 0 && (alike > 0 || ascii == 0);
    if (!mixed && !whole) {
      return word;
    }
    return map(word, code -> LATIN.getOrDefault(code, code));
  }

  private static String map(String text, IntUnaryOperator mapping) {
    StringBuilder mapped = new StringBuilder();
    text.codePoints().map(mapping).forEach(mapped::appendCodePoint);
    return mapped.toString();
  }

  private static int wordEnd(String text, int from) {
    int end = from;
    while (end < text.length() && Character.isLetterOrDigit(text.codePointAt(end))) {
      end += Character.charCount(text.codePointAt(end));
    }
    return end;
  }

  private static boolean isMostlyLatin(String text) {
    int ascii = 0;
    int others = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isLetter(c)) {
        if (c < 0x250) {
          ascii++;
        } else if (!LATIN.containsKey((int) c)) {
          others++;
        }
      }
    }
    return ascii > others;
  }

  /** True if most of what is not ASCII would be common words: no other language looks like that. */
  private static boolean readsAsLatin(String text) {
    String alike = map(text, code -> code < 0x80 ? ' ' : LATIN.getOrDefault(code, code));
    return alike.chars().filter(Character::isLetter).count() >= LETTERS_MIN
        && Language.hasWords(alike);
  }

  private static Map<Integer, Integer> table() {
    Map<Integer, Integer> latin = new HashMap<>();
    for (String line : Language.lines("lookalikes.txt")) {
      line.substring(2).codePoints().forEach(code -> latin.put(code, (int) line.charAt(0)));
    }
    return latin;
  }
}
