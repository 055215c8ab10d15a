package dev.pukara.guard.text;

import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Single letters set apart: {@code h o w t o}, {@code b-o-m-b}. Wider gaps are ends of words; where
 * all gaps are alike, common words tell where they end.
 */
final class Spacing implements Decoder {
  private static final String GAP = "[ \\t\\r\\n.\\-_*/|,+~·•'`:;]{1,3}";
  private static final Pattern SINGLE =
      Pattern.compile(
          "(?<![\\p{L}\\p{N}])[\\p{L}\\p{N}@$!](?:"
              + GAP
              + "[\\p{L}\\p{N}@$!](?![\\p{L}\\p{N}])){2,}+");
  private static final Pattern GAPS = Pattern.compile(GAP);

  /** Its letters one after the other name options and columns. */
  private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz";

  /** Fewer letters are an abbreviation or a list, unless they spell a common word. */
  private static final int LETTERS_MIN = 5;

  @Override
  public String decode(String text) {
    Matcher runs = SINGLE.matcher(text);
    StringBuilder joined = new StringBuilder();
    int from = 0;
    boolean found = false;
    while (runs.find()) {
      String words = join(runs.group());
      if (!words.isEmpty()) {
        joined.append(text, from, runs.start()).append(words);
        from = runs.end();
        found = true;
      }
    }
    return found ? joined.append(text, from, text.length()).toString() : text;
  }

  /** Empty if the run is no spaced text. */
  private static String join(String run) {
    List<String> gaps = GAPS.matcher(run).results().map(MatchResult::group).toList();
    String narrow = mostFrequent(gaps);
    long wide = gaps.stream().filter(gap -> !gap.equals(narrow)).count();
    StringBuilder words = new StringBuilder();
    int at = 0;
    for (String gap : gaps) {
      int end = run.indexOf(gap, at + 1);
      words.append(run, at, end).append(gap.equals(narrow) ? "" : " ");
      at = end + gap.length();
    }
    words.append(run.substring(at));
    String letters = words.toString();
    long count = letters.chars().filter(Character::isLetter).count();
    if (ALPHABET.contains(letters.toLowerCase(Locale.ROOT))) {
      return "";
    }
    if (count < LETTERS_MIN) {
      boolean initials = letters.equals(letters.toUpperCase(Locale.ROOT)) && narrow.equals(".");
      return count >= 3 && wide == 0 && !initials && Language.isWord(letters) ? letters : "";
    }
    if (letters.chars().anyMatch(c -> c > 0x7F)) {
      return 2 * count >= letters.length() ? letters : "";
    }
    String plain = new Leet().decode(wide == 0 ? Language.cut(letters) : letters);
    return Language.hasWords(plain) ? plain : "";
  }

  private static String mostFrequent(List<String> gaps) {
    Map<String, Integer> counts = new HashMap<>();
    gaps.forEach(gap -> counts.merge(gap, 1, Integer::sum));
    return Collections.max(counts.entrySet(), Map.Entry.comparingByValue()).getKey();
  }
}
