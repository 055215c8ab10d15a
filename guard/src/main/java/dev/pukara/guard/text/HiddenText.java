package dev.pukara.guard.text;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Bytes that turn out to be text. */
final class HiddenText {
  private static final int BYTES_MIN = 3;

  /** So many bytes are printable by design only: a chance of 1 in 100,000. */
  private static final int BYTES_BY_DESIGN = 12;

  /** Whatever these make of a text has fewer characters: nesting costs no more than the text. */
  private static final List<Decoder> NESTED =
      List.of(new Spacing(), new CharacterCodes(), new Escapes());

  private HiddenText() {}

  /** The text, or empty if the bytes are not UTF-8 that looks like a text. */
  static String of(byte[] bytes) {
    String text = printable(bytes);
    String seen = Characters.folded(text);
    boolean byDesign = bytes.length >= BYTES_BY_DESIGN && Language.isMostlyLetters(seen);
    return byDesign || Language.looksLikeText(seen) || isDisguised(seen) ? text : "";
  }

  /** The same for bytes that numbers in a text make by chance. */
  static String ofNumbers(byte[] bytes) {
    String text = printable(bytes);
    String seen = Characters.folded(text);
    boolean words = Language.looksLikeText(seen) && Language.hasWords(seen);
    return words || isDisguised(seen) ? text : "";
  }

  /** Signs and digits that another decoder makes words of are text too. */
  private static boolean isDisguised(String text) {
    return NESTED.stream().anyMatch(decoder -> !decoder.decode(text).equals(text));
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
