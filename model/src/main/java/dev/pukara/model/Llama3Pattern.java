package dev.pukara.model;

import static dev.pukara.model.Characters.LETTER;
import static dev.pukara.model.Characters.NEWLINE;
import static dev.pukara.model.Characters.NUMBER;
import static dev.pukara.model.Characters.OTHER;
import static dev.pukara.model.Characters.classAt;
import static dev.pukara.model.Characters.isBlank;
import static dev.pukara.model.Characters.skip;
import static dev.pukara.model.Characters.width;

/**
 * Llama 3's pattern: {@code (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
 * ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+} (meta-llama/llama3, tokenizer.py; one blank
 * begins the fourth alternative).
 */
record Llama3Pattern() implements PreTokenizer {
  @Override
  public int end(byte[] text, int from) {
    byte first = text[from];
    byte kind = classAt(text, from);
    if (first == '\'') {
      int letters = contraction(text, from + 1);
      if (letters > 0) {
        return from + 1 + letters;
      }
    }
    if (kind == LETTER) {
      return skip(text, from, LETTER);
    }
    if (kind == NUMBER) {
      return numbers(text, from);
    }
    int next = from + width(first);
    byte nextKind = next < text.length ? classAt(text, next) : NEWLINE;
    if (nextKind == LETTER && kind != NEWLINE) {
      return skip(text, next, LETTER);
    }
    if (kind == OTHER || first == ' ' && nextKind == OTHER) {
      return skip(text, skip(text, next, OTHER), NEWLINE);
    }
    return blanks(text, from);
  }

  /** Bytes from {@code index} on that belong to the apostrophe before, 0 if none; in any case. */
  private static int contraction(byte[] text, int index) {
    int first = index < text.length ? text[index] : 0;
    int second = index + 1 < text.length ? text[index + 1] : 0;
    return switch (first) {
      case 's', 'S', 't', 'T', 'm', 'M', 'd', 'D' -> 1;
      case 'r', 'R', 'v', 'V' -> second == 'e' || second == 'E' ? 2 : 0;
      case 'l', 'L' -> second == 'l' || second == 'L' ? 2 : 0;
      // U+017F, the long s, is an s to a pattern that ignores case.
      case (byte) 0xC5 -> second == (byte) 0xBF ? 2 : 0;
      default -> 0;
    };
  }

  private static int numbers(byte[] text, int from) {
    int end = from;
    for (int count = 0; count < 3 && end < text.length && classAt(text, end) == NUMBER; count++) {
      end += width(text[end]);
    }
    return end;
  }

  /**
   * Blanks up to the last line end among them; without any, all of them, but not the last if there
   * are several and something follows that it may join.
   */
  private static int blanks(byte[] text, int from) {
    int end = from;
    int last = from;
    int afterNewline = from;
    while (end < text.length) {
      byte kind = classAt(text, end);
      if (!isBlank(kind)) {
        break;
      }
      last = end;
      end += width(text[end]);
      if (kind == NEWLINE) {
        afterNewline = end;
      }
    }
    if (afterNewline > from) {
      return afterNewline;
    }
    return end == text.length || last == from ? end : last;
  }
}
