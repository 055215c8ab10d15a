package dev.pukara.model;

/**
 * GPT-2's printable stand-ins for bytes (openai/gpt-2, encoder.py, {@code bytes_to_unicode}): the
 * visible characters of Latin-1 stand for themselves, the other 68 bytes, in order, for U+0100 and
 * up.
 */
final class ByteAlphabet {
  private static final int SIZE = 0x100 + 68;
  private static final short[] BYTES = new short[SIZE];

  static {
    int next = 0x100;
    for (int b = 0; b < 0x100; b++) {
      boolean visible = b > ' ' && b < 0x7F || b > 0xA0 && b != 0xAD;
      if (!visible) {
        BYTES[b] = -1;
      }
      BYTES[visible ? b : next++] = (short) b;
    }
  }

  private ByteAlphabet() {}

  /** The byte (0..255) that {@code c} stands for, or -1. */
  static int toByte(char c) {
    return c < SIZE ? BYTES[c] : -1;
  }
}
