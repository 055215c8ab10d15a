package dev.pukara.model;

/**
 * UTF-8 text as the pre-tokenizers' patterns see it: the classes {@code \p{L}}, {@code \p{N}},
 * {@code \s} and the rest. Letters and numbers are those of the running JDK (Unicode 16 in JDK 25,
 * as in Hugging Face tokenizers 0.23).
 *
 * <p>All methods take well-formed UTF-8 and an index at which a character starts.
 */
final class Characters {
  static final byte OTHER = 0;
  static final byte LETTER = 1;
  static final byte NUMBER = 2;

  /** {@code \s} without {@code \r} and {@code \n}. */
  static final byte SPACE = 3;

  /** {@code \r} and {@code \n}. */
  static final byte NEWLINE = 4;

  private static final byte[] ASCII = new byte[128];

  static {
    for (int c = 0; c < ASCII.length; c++) {
      ASCII[c] = classify(c);
    }
  }

  private Characters() {}

  /** Class of the character at {@code index}. */
  static byte classAt(byte[] text, int index) {
    byte first = text[index];
    return first >= 0 ? ASCII[first] : classify(codePoint(text, index));
  }

  /** Index of the first character from {@code index} on that is not of the class. */
  static int skip(byte[] text, int index, byte characterClass) {
    int end = index;
    while (end < text.length && classAt(text, end) == characterClass) {
      end += width(text[end]);
    }
    return end;
  }

  /** True for what {@code \s} matches. */
  static boolean isBlank(byte characterClass) {
    return characterClass >= SPACE;
  }

  /** Bytes of the character that starts with {@code first}. */
  static int width(byte first) {
    if (first >= 0) {
      return 1;
    }
    int bits = first & 0xFF;
    return bits < 0xE0 ? 2 : bits < 0xF0 ? 3 : 4;
  }

  private static int codePoint(byte[] text, int index) {
    int first = text[index] & 0xFF;
    int second = text[index + 1] & 0x3F;
    if (first < 0xE0) {
      return (first & 0x1F) << 6 | second;
    }
    int third = text[index + 2] & 0x3F;
    if (first < 0xF0) {
      return (first & 0x0F) << 12 | second << 6 | third;
    }
    return (first & 0x07) << 18 | second << 12 | third << 6 | text[index + 3] & 0x3F;
  }

  private static byte classify(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER ->
          LETTER;
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
          NUMBER;
      case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
          SPACE;
      case Character.CONTROL ->
          switch (codePoint) {
            case '\n', '\r' -> NEWLINE;
            case '\t', 0x0B, '\f', 0x85 -> SPACE;
            default -> OTHER;
          };
      default -> OTHER;
    };
  }
}
