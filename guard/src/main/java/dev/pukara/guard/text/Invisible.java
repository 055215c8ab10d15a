package dev.pukara.guard.text;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Text without characters that nobody sees.
 *
 * @param text what is left, hidden messages included
 * @param found true if they hid something or stood within a word
 */
record Invisible(String text, boolean found) {
  private static final int TAG = 0xE0000;
  private static final int BLACK_FLAG = 0x1F3F4;

  /** A hidden message of fewer bytes says nothing. */
  private static final int HIDDEN_BYTES_MIN = 4;

  static Invisible reveal(String text) {
    StringBuilder plain = new StringBuilder();
    ByteArrayOutputStream hidden = new ByteArrayOutputStream();
    boolean found = false;
    int before = ' ';
    boolean flag = false;
    for (int i = 0; i < text.length(); ) {
      int code = text.codePointAt(i);
      i += Character.charCount(code);
      if (isSelector(code)) {
        hidden.write(code >= 0xE0100 ? code - 0xE0100 + 16 : code - 0xFE00);
        continue;
      }
      found |= flush(hidden, plain);
      if (code > TAG && code <= TAG + 0x7F) {
        // The flags of England, Scotland and Wales are spelled in tags.
        if (!flag && code >= TAG + ' ' && code < TAG + 0x7F) {
          plain.append((char) (code - TAG));
          found = true;
        }
        continue;
      }
      flag = code == BLACK_FLAG;
      if (isInvisible(code) && !(isJoiner(code) && needsJoiner(before))) {
        boolean within = Character.isLetter(before) && i < text.length() && isWord(text, i);
        found |= within || isOverride(code);
        continue;
      }
      plain.appendCodePoint(code);
      before = code;
    }
    found |= flush(hidden, plain);
    return new Invisible(plain.toString(), found);
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
    plain.append(message);
    return !message.isEmpty();
  }

  private static boolean isWord(String text, int at) {
    int code = text.codePointAt(at);
    return Character.isLetter(code) || isInvisible(code);
  }

  private static boolean isSelector(int code) {
    return code >= 0xFE00 && code <= 0xFE0F || code >= 0xE0100 && code <= 0xE01EF;
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

  private static boolean isInvisible(int code) {
    return Character.getType(code) == Character.FORMAT
        || code == 0x034F
        || code == 0x115F
        || code == 0x1160
        || code == 0x17B4
        || code == 0x17B5
        || code >= 0x180B && code <= 0x180F
        || code == 0x3164
        || code == 0xFFA0;
  }
}
