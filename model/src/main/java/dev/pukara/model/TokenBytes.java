package dev.pukara.model;

import java.util.Arrays;

/**
 * A growing run of bytes into which tokens are spelled out: from the way a file writes them to the
 * bytes they stand for.
 */
final class TokenBytes {
  /** SentencePiece's stand-in for a blank. */
  static final char BLANK = '\u2581';

  private byte[] bytes = new byte[256];
  private int length;

  void clear() {
    length = 0;
  }

  int length() {
    return length;
  }

  /**
   * The bytes up to {@link #length()}; what follows is of no meaning. The array changes when more
   * is added.
   */
  byte[] array() {
    return bytes;
  }

  void add(int value) {
    if (length == bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.multiplyExact(length, 2));
    }
    bytes[length++] = (byte) value;
  }

  /** Adds {@code text[from..to)} of a normal token. */
  void addToken(TokenizerSpec.Kind kind, String text, int from, int to) {
    switch (kind) {
      case BYTE_BPE -> addAlphabet(text, from, to);
      case SENTENCEPIECE -> addBlanks(text, from, to);
    }
  }

  private void addAlphabet(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      int value = ByteAlphabet.toByte(text.charAt(i));
      if (value >= 0) {
        add(value);
      } else {
        i = addCharacter(text, i, to);
      }
    }
  }

  private void addBlanks(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (text.charAt(i) == BLANK) {
        add(' ');
      } else {
        i = addCharacter(text, i, to);
      }
    }
  }

  /** Adds the text as it stands. */
  void addText(String text) {
    for (int i = 0; i < text.length(); i++) {
      i = addCharacter(text, i, text.length());
    }
  }

  /**
   * Adds a character in UTF-8 and returns the index of its last char; an unpaired surrogate becomes
   * U+FFFD.
   */
  private int addCharacter(String text, int index, int to) {
    char c = text.charAt(index);
    if (c < 0x80) {
      add(c);
    } else if (c < 0x800) {
      add(0xC0 | c >> 6);
      add(0x80 | c & 0x3F);
    } else if (Character.isHighSurrogate(c)
        && index + 1 < to
        && Character.isLowSurrogate(text.charAt(index + 1))) {
      int codePoint = Character.toCodePoint(c, text.charAt(index + 1));
      add(0xF0 | codePoint >> 18);
      add(0x80 | codePoint >> 12 & 0x3F);
      add(0x80 | codePoint >> 6 & 0x3F);
      add(0x80 | codePoint & 0x3F);
      return index + 1;
    } else {
      int unit = Character.isSurrogate(c) ? 0xFFFD : c;
      add(0xE0 | unit >> 12);
      add(0x80 | unit >> 6 & 0x3F);
      add(0x80 | unit & 0x3F);
    }
    return index;
  }
}
