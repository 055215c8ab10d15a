package dev.pukara.guard.text;

import static java.util.stream.Collectors.joining;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Text without characters that nobody sees.
 *
 * @param text what is left, hidden messages included
 * @param found true if they hid something or stood within a word
 */
record Invisible(String text, boolean found) {
  private static final int TAG = 0xE0000;
  private static final int NEXT_LINE = 0x85;
  private static final int BLACK_FLAG = 0x1F3F4;

  /** England, Scotland and Wales, whose flags are spelled in tags behind a black one. */
  private static final List<String> COUNTRIES =
      Stream.of("gbeng\u007f", "gbsct\u007f", "gbwls\u007f").map(Invisible::tags).toList();

  /** A hidden message of fewer bytes says nothing. */
  private static final int HIDDEN_BYTES_MIN = 4;

  private static final Pattern CONTROL = Pattern.compile("[\\p{Cc}&&\\S]+");

  static Invisible reveal(String text) {
    StringBuilder plain = new StringBuilder();
    ByteArrayOutputStream hidden = new ByteArrayOutputStream();
    boolean found = false;
    int before = ' ';
    for (int i = 0; i < text.length(); ) {
      int code = text.codePointAt(i);
      i += Character.charCount(code);
      if (isSelector(code)) {
        hidden.write(code >= 0xE0100 ? code - 0xE0100 + 16 : code - 0xFE00);
        found |= !takesSelector(before) && isWithinWord(before, text, i);
        continue;
      }
      found |= flush(hidden, plain);
      if (code >= TAG + ' ' && code < TAG + 0x7F) {
        plain.append((char) (code - TAG));
        found = true;
        continue;
      }
      if (isInvisible(code) && !(isJoiner(code) && needsJoiner(before))) {
        found |= isWithinWord(before, text, i) || isOverride(code);
        continue;
      }
      plain.appendCodePoint(code);
      before = code;
      i += code == BLACK_FLAG ? countryLength(text, i) : 0;
    }
    found |= flush(hidden, plain);
    return new Invisible(plain.toString(), found);
  }

  private static String tags(String ascii) {
    return ascii.codePoints().mapToObj(c -> Character.toString(TAG + c)).collect(joining());
  }

  private static int countryLength(String text, int at) {
    return COUNTRIES.stream()
        .filter(country -> text.startsWith(country, at))
        .mapToInt(String::length)
        .sum();
  }

  /** Bytes of a message in variation selectors; one selector alone chooses an emoji's style. */
  private static boolean flush(ByteArrayOutputStream hidden, StringBuilder plain) {
    if (hidden.size() < HIDDEN_BYTES_MIN) {
      hidden.reset();
      return false;
    }
    String message;
    try {
      message =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(hidden.toByteArray()))
              .toString();
    } catch (CharacterCodingException e) {
      message = "";
    }
    hidden.reset();
    // What nobody could read says nothing, and would cut the word that it stands in.
    message = CONTROL.matcher(message).replaceAll("");
    plain.append(message.isBlank() ? "" : message);
    return !message.isBlank();
  }

  /** True if a letter stands before an invisible character, and the word goes on behind it. */
  private static boolean isWithinWord(int before, String text, int next) {
    if (!Character.isLetter(before) || next == text.length()) {
      return false;
    }
    int code = text.codePointAt(next);
    return Character.isLetter(code) || isInvisible(code);
  }

  private static boolean isSelector(int code) {
    return code >= 0xFE00 && code <= 0xFE0F || code >= 0xE0100 && code <= 0xE01EF;
  }

  /** Han characters and letters of a few scripts have variants; of the common ones, emoji. */
  private static boolean takesSelector(int before) {
    return switch (Character.UnicodeScript.of(before)) {
      case HAN, MONGOLIAN, MYANMAR, PHAGS_PA, MANICHAEAN, EGYPTIAN_HIEROGLYPHS, COMMON -> true;
      default -> false;
    };
  }

  private static boolean isOverride(int code) {
    return code == 0x202D || code == 0x202E;
  }

  private static boolean isJoiner(int code) {
    return code == 0x200C || code == 0x200D;
  }

  /** Arabic, Indic and other scripts join letters, emoji join each other. */
  private static boolean needsJoiner(int before) {
    return switch (Character.UnicodeScript.of(before)) {
      case LATIN, CYRILLIC, GREEK, ARMENIAN -> false;
      case COMMON -> Character.getType(before) == Character.OTHER_SYMBOL || before >= 0x1F3FB;
      default -> true;
    };
  }

  /** Control characters that break no line and set nothing apart. */
  static boolean isControl(int code) {
    return Character.isISOControl(code) && !Character.isWhitespace(code) && code != NEXT_LINE;
  }

  /** Those of Unicode that are ignored by default, the ones for later use included. */
  private static boolean isInvisible(int code) {
    return Character.getType(code) == Character.FORMAT
        || isControl(code)
        || code == 0x034F
        || code == 0x115F
        || code == 0x1160
        || code == 0x17B4
        || code == 0x17B5
        || code >= 0x180B && code <= 0x180F
        || code == 0x2065
        || code == 0x3164
        || code == 0xFFA0
        || code >= 0xFFF0 && code <= 0xFFF8
        || code >= TAG && code <= TAG + 0xFFF;
  }
}
