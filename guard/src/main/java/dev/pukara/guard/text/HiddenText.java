package dev.pukara.guard.text;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Bytes that turn out to be text. */
final class HiddenText {
  private static final int BYTES_MIN = 3;

  /** So many bytes are printable by design only: a chance of 1 in 100,000. */
  private static final int BYTES_BY_DESIGN = 12;

  private HiddenText() {}

  /** The text, or empty if the bytes are not UTF-8 that looks like a text. */
  static String of(byte[] bytes) {
    String text = printable(bytes);
    boolean byDesign = bytes.length >= BYTES_BY_DESIGN && Language.isMostlyLetters(text);
    return byDesign || Language.looksLikeText(text) ? text : "";
  }

  /** The same for bytes that numbers in a text make by chance. */
  static String ofNumbers(byte[] bytes) {
    String text = printable(bytes);
    return Language.looksLikeText(text) && Language.hasWords(text) ? text : "";
  }

  private static String printable(byte[] bytes) {
    if (bytes.length < BYTES_MIN) {
      return "";
    }
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.chars().allMatch(c -> !Character.isISOControl(c) || Character.isWhitespace(c))
          ? text
          : "";
    } catch (CharacterCodingException e) {
      return "";
    }
  }
}
