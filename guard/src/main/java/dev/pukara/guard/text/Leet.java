package dev.pukara.guard.text;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Digits and signs in place of letters: {@code h0w t0 m4k3}. A word counts if the letters make a
 * common word, or if several others do; part numbers and units do not.
 */
final class Leet implements Decoder {
  private static final Map<Character, String> LETTERS =
      Map.ofEntries(
          Map.entry('0', "o"),
          Map.entry('1', "il"),
          Map.entry('3', "e"),
          Map.entry('4', "a"),
          Map.entry('5', "s"),
          Map.entry('6', "gb"),
          Map.entry('7', "t"),
          Map.entry('8', "b"),
          Map.entry('9', "g"),
          Map.entry('@', "a"),
          Map.entry('$', "s"),
          Map.entry('!', "i"),
          Map.entry('|', "il"),
          Map.entry('+', "t"),
          Map.entry('€', "e"));
  private static final Pattern TOKEN = Pattern.compile("[\\p{L}\\p{N}@$€][\\p{L}\\p{N}@$!|+€]*");

  /** From this length on, one word with a sign inside is enough. */
  private static final int WORD_MIN = 4;

  /** From so many words on, numbers between them are words too. */
  private static final int WORDS_FOR_NUMBERS = 2;

  /** From so many words on, rare words with a sign inside are words too. */
  private static final int WORDS_FOR_RARE = 3;

  @Override
  public String decode(String text) {
    if (!text.chars().anyMatch(c -> LETTERS.containsKey((char) c))) {
      return text;
    }
    int words = 0;
    boolean longWord = false;
    Matcher tokens = TOKEN.matcher(text);
    while (tokens.find()) {
      String word = word(tokens.group(), false, false);
      if (!word.isEmpty()) {
        words++;
        longWord |= word.length() >= WORD_MIN;
      }
    }
    if (words == 0 || !longWord) {
      return text;
    }
    boolean numbers = words >= WORDS_FOR_NUMBERS;
    boolean rare = words >= WORDS_FOR_RARE;
    return TOKEN
        .matcher(text)
        .replaceAll(
            token -> {
              String word = word(token.group(), numbers, rare);
              return Matcher.quoteReplacement(word.isEmpty() ? token.group() : word);
            });
  }

  /** The common word that a token spells, its last signs kept; empty if it spells none. */
  private static String word(String token, boolean numbers, boolean rare) {
    int end = token.length();
    while (end > 0 && ("!|+".indexOf(token.charAt(end - 1)) >= 0)) {
      end--;
    }
    String core = token.substring(0, end).toLowerCase(Locale.ROOT);
    boolean letters = core.chars().anyMatch(Character::isLetter);
    boolean signs = core.chars().anyMatch(c -> LETTERS.containsKey((char) c));
    if (!signs || !letters && !numbers || core.length() > 24) {
      return "";
    }
    List<String> candidates = candidates(core);
    for (String candidate : candidates) {
      if (Language.isWord(candidate)) {
        return candidate + token.substring(end);
      }
    }
    return rare && letters && core.length() >= WORD_MIN
        ? Collections.min(candidates, Comparator.comparingDouble(Language::bits))
            + token.substring(end)
        : "";
  }

  private static List<String> candidates(String core) {
    List<String> all = new ArrayList<>(List.of(""));
    for (char c : core.toCharArray()) {
      String letters = LETTERS.getOrDefault(c, String.valueOf(c));
      List<String> longer = new ArrayList<>();
      for (String start : all) {
        // Sixteen ways to read a word are enough.
        for (int i = 0; i < (all.size() < 16 ? letters.length() : 1); i++) {
          longer.add(start + letters.charAt(i));
        }
      }
      all = longer;
    }
    return all;
  }
}
