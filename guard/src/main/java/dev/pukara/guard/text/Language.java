package dev.pukara.guard.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Tells words from gibberish: the probability of letter pairs, and a list of common words. Counted
 * on English text; other languages in Latin letters come out between English and gibberish.
 */
final class Language {
  private static final int LETTERS = 26;
  private static final int EDGE = LETTERS;

  /** Bits of a pair from which on nothing of English has it. */
  private static final double PAIR_BITS_WORDS = 4.6;

  /** {@code (27, 27)}: bits of the second letter behind the first; the last index is the edge. */
  private static final float[][] BITS = pairs();

  /** Rank of each common word. */
  private static final Map<String, Integer> WORDS = words();

  private Language() {}

  /** Bits of one word, its edges included; characters outside a-z count as edges. */
  static double bits(CharSequence word) {
    double bits = 0;
    int before = EDGE;
    for (int i = 0; i < word.length(); i++) {
      int letter = letter(word.charAt(i));
      bits += BITS[before][letter];
      before = letter;
    }
    return bits + BITS[before][EDGE];
  }

  /** True for one of the six thousand most common words, in any case. */
  static boolean isWord(String word) {
    return WORDS.containsKey(word.toLowerCase(Locale.ROOT));
  }

  /** True if most letters stand in common words of more than one letter. */
  static boolean hasWords(String text) {
    int letters = 0;
    int known = 0;
    for (String word : text.split("[^\\p{L}\\p{N}]+")) {
      letters += word.length();
      known += word.length() > 1 && isWord(word) ? word.length() : 0;
    }
    return 2 * known >= letters && known > 0;
  }

  /** True if letter pairs are those of words, or letters are mostly of another script. */
  static boolean looksLikeText(String text) {
    int letters = 0;
    int latin = 0;
    double bits = 0;
    int pairs = 0;
    int before = EDGE;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int letter = letter(c);
      if (letter != EDGE || before != EDGE) {
        bits += BITS[before][letter];
        pairs++;
      }
      before = letter;
      letters += Character.isLetter(c) ? 1 : 0;
      latin += letter != EDGE ? 1 : 0;
    }
    if (!isMostlyLetters(text)) {
      return false;
    }
    return latin < letters / 2 || pairs > 0 && bits / pairs <= PAIR_BITS_WORDS;
  }

  /** True if letters, digits and blanks are the most of it. */
  static boolean isMostlyLetters(String text) {
    long letters = text.chars().filter(Character::isLetter).count();
    long plain = text.chars().filter(c -> Character.isLetterOrDigit(c) || c == ' ').count();
    return letters > 0 && plain >= 0.7 * text.length();
  }

  /** Cuts letters that stand together into words: {@code howtomake} into {@code how to make}. */
  static String cut(String letters) {
    String lower = letters.toLowerCase(Locale.ROOT);
    int n = lower.length();
    double[] cost = new double[n + 1];
    int[] from = new int[n + 1];
    Arrays.fill(cost, 1, n + 1, Double.MAX_VALUE);
    for (int end = 1; end <= n; end++) {
      for (int start = Math.max(0, end - 16); start < end; start++) {
        double total = cost[start] + cost(lower.substring(start, end));
        if (total < cost[end]) {
          cost[end] = total;
          from[end] = start;
        }
      }
    }
    List<String> words = new ArrayList<>();
    for (int end = n; end > 0; end = from[end]) {
      words.add(letters.substring(from[end], end));
    }
    return String.join(" ", words.reversed());
  }

  /** Zipf's law for known words; letters of unknown ones are dearer than those of known ones. */
  private static double cost(String word) {
    Integer rank = WORDS.get(word);
    return rank == null ? 6 + 5.5 * word.length() : 3 + Math.log(rank + 2.0) / Math.log(2);
  }

  private static int letter(char c) {
    int letter = (c | 0x20) - 'a';
    return letter >= 0 && letter < LETTERS ? letter : EDGE;
  }

  private static float[][] pairs() {
    List<String> rows = lines("pairs.txt");
    float[][] bits = new float[rows.size()][];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = new float[rows.get(i).length()];
      for (int j = 0; j < bits[i].length; j++) {
        bits[i][j] = (rows.get(i).charAt(j) - 'A') / 4f;
      }
    }
    return bits;
  }

  private static Map<String, Integer> words() {
    Map<String, Integer> ranks = new HashMap<>();
    for (String word : lines("words.txt")) {
      ranks.put(word, ranks.size());
    }
    return ranks;
  }

  /** Lines of a table beside this class. */
  static List<String> lines(String name) {
    try (InputStream in = Language.class.getResourceAsStream(name)) {
      byte[] bytes = Objects.requireNonNull(in, name).readAllBytes();
      return new String(bytes, StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
