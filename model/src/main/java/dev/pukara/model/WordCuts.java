package dev.pukara.model;

/**
 * Cuts text for SentencePiece, which itself merges the whole text as one piece, where no merge can
 * reach across: between two characters whose touching bytes stand side by side in no normal token.
 * The tokens are the same, but a piece is a word or so, short and often seen before. In Llama 2's
 * vocabulary, for one, no token holds a blank after a letter.
 */
final class WordCuts implements PreTokenizer {
  /**
   * (256 * 256 bits): bit {@code first * 256 + second} is set if some token holds the two bytes in
   * a row.
   */
  private final long[] neighbours = new long[256 * 256 / Long.SIZE];

  WordCuts(Vocabulary vocabulary) {
    byte[] bytes = vocabulary.bytes();
    for (int id = 0; id < vocabulary.size(); id++) {
      if (vocabulary.isNormal(id)) {
        for (int i = vocabulary.offset(id) + 1; i < vocabulary.end(id); i++) {
          int pair = pair(bytes, i);
          neighbours[pair >> 6] |= 1L << pair;
        }
      }
    }
  }

  @Override
  public int end(byte[] text, int from) {
    for (int i = from + 1; i < text.length; i++) {
      boolean startsCharacter = (text[i] & 0xC0) != 0x80;
      int pair = pair(text, i);
      if (startsCharacter && (neighbours[pair >> 6] >>> pair & 1) == 0) {
        return i;
      }
    }
    return text.length;
  }

  private static int pair(byte[] bytes, int second) {
    return (bytes[second - 1] & 0xFF) << 8 | bytes[second] & 0xFF;
  }
}
