package dev.pukara.model;

import static dev.pukara.model.Characters.NUMBER;
import static dev.pukara.model.Characters.classAt;
import static dev.pukara.model.Characters.isBlank;
import static dev.pukara.model.Characters.skip;
import static dev.pukara.model.Characters.width;

/**
 * GPT-2's pattern: {@code 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+|
 * ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+} (openai/gpt-2, encoder.py).
 *
 * @param singleDigits true if every number character is split off before (SmolLM2): then a blank
 *     never joins a number, and the text before a number ends there
 */
record Gpt2Pattern(boolean singleDigits) implements PreTokenizer {
  @Override
  public int end(byte[] text, int from) {
    byte first = text[from];
    byte kind = classAt(text, from);
    if (first == '\'') {
      int letters = contraction(text, from + 1);
      return letters > 0 ? from + 1 + letters : skip(text, from, kind);
    }
    if (!isBlank(kind)) {
      return run(text, from, kind);
    }
    int next = from + 1;
    if (first == ' ' && next < text.length) {
      byte nextKind = classAt(text, next);
      if (!isBlank(nextKind) && !(singleDigits && nextKind == NUMBER)) {
        return skip(text, next, nextKind);
      }
    }
    return blanks(text, from);
  }

  /** Letters from {@code index} on that belong to the apostrophe before, 0 if none. */
  private static int contraction(byte[] text, int index) {
    byte first = index < text.length ? text[index] : 0;
    byte second = index + 1 < text.length ? text[index + 1] : 0;
    return switch (first) {
      case 's', 't', 'm', 'd' -> 1;
      case 'r', 'v' -> second == 'e' ? 2 : 0;
      case 'l' -> second == 'l' ? 2 : 0;
      default -> 0;
    };
  }

  private int run(byte[] text, int from, byte kind) {
    return singleDigits && kind == NUMBER ? from + width(text[from]) : skip(text, from, kind);
  }

  /**
   * All blanks, without the last one if there are several and something follows that it may join.
   */
  private int blanks(byte[] text, int from) {
    int end = from;
    int last = from;
    while (end < text.length && isBlank(classAt(text, end))) {
      last = end;
      end += width(text[end]);
    }
    boolean ends = end == text.length || singleDigits && classAt(text, end) == NUMBER;
    return ends || last == from ? end : last;
  }
}
