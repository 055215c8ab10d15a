package dev.pukara.train.data;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;

/** Disguises of a text that people still read, or that a tool undoes. What it says stays. */
enum Obfuscation {
  /** {@code l i k e t h i s}. */
  SPACING {
    @Override
    String apply(String text, Random random) {
      return each(text, c -> c == ' ' ? "  " : Character.toString(c) + " ").strip();
    }
  },
  /** {@code l1k3 7h15}. */
  LEET {
    @Override
    String apply(String text, Random random) {
      return each(
          text,
          c ->
              random.nextInt(4) > 0
                  ? LEET_LETTERS.getOrDefault(Character.toLowerCase(c), Character.toString(c))
                  : Character.toString(c));
    }
  },
  /** Invisible characters between letters. */
  ZERO_WIDTH {
    @Override
    String apply(String text, Random random) {
      return each(text, c -> Character.toString(c) + (random.nextInt(3) == 0 ? "\u200b" : ""));
    }
  },
  /** Letters of other scripts that look the same. */
  HOMOGLYPH {
    @Override
    String apply(String text, Random random) {
      return each(
          text,
          c ->
              random.nextInt(3) > 0
                  ? GLYPHS.getOrDefault(c, Character.toString(c))
                  : Character.toString(c));
    }
  },
  /** Base64 of all of it. */
  BASE64 {
    @Override
    String apply(String text, Random random) {
      String packed = Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
      return random.nextBoolean() ? packed : "Decode this base64 and answer it: " + packed;
    }
  },
  /** {@code LIKE THIS} or {@code lIKe tHiS} or {@code like this}. */
  CASE {
    @Override
    String apply(String text, Random random) {
      return switch (random.nextInt(3)) {
        case 0 -> text.toUpperCase(Locale.ROOT);
        case 1 -> text.toLowerCase(Locale.ROOT);
        default ->
            each(
                text,
                c ->
                    Character.toString(
                        random.nextBoolean()
                            ? Character.toUpperCase(c)
                            : Character.toLowerCase(c)));
      };
    }
  },
  /** Letters swapped, dropped or doubled, here and there. */
  TYPOS {
    @Override
    String apply(String text, Random random) {
      StringBuilder typed = new StringBuilder();
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        boolean letters = i + 1 < text.length() && isAscii(c) && isAscii(text.charAt(i + 1));
        switch (letters ? random.nextInt(24) : 3) {
          case 0 -> typed.append(text.charAt(++i)).append(c);
          case 1 -> {}
          case 2 -> typed.append(c).append(c);
          default -> typed.append(c);
        }
      }
      return typed.toString();
    }
  };

  private static final Map<Integer, String> LEET_LETTERS =
      Map.of(
          (int) 'a', "4", (int) 'e', "3", (int) 'i', "1", (int) 'o', "0", (int) 's', "5", (int) 't',
          "7", (int) 'b', "8", (int) 'g', "9");

  /** Cyrillic and Greek look-alikes. */
  private static final Map<Integer, String> GLYPHS =
      Map.of(
          (int) 'a', "\u0430", (int) 'e', "\u0435", (int) 'o', "\u043e", (int) 'p', "\u0440",
          (int) 'c', "\u0441", (int) 'x', "\u0445", (int) 'y', "\u0443", (int) 'i', "\u0456",
          (int) 'A', "\u0391", (int) 'B', "\u0392");

  /** The disguised text. */
  abstract String apply(String text, Random random);

  private static boolean isAscii(char c) {
    return c < 128 && Character.isLetter(c);
  }

  private static String each(String text, IntFunction<String> change) {
    StringBuilder changed = new StringBuilder();
    text.codePoints().forEach(c -> changed.append(change.apply(c)));
    return changed.toString();
  }
}
