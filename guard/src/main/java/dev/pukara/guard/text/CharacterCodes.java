package dev.pukara.guard.text;

import java.io.ByteArrayOutputStream;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Text as numbers: hexadecimal bytes, bits, decimal codes. */
final class CharacterCodes implements Decoder {
  private static final Pattern HEX =
      runs("(?:0x|\\\\x)?[0-9a-fA-F]{2}(?:(?:0x)?[0-9a-fA-F]{2})*+", "[ ,:;-]{0,2}");
  private static final Pattern BITS = runs("(?:[01]{8})++", "[ ,]{0,2}");
  private static final Pattern DECIMAL =
      Pattern.compile("(?<![0-9A-Za-z.])\\d{2,3}(?:[ ,;-]{1,2}\\d{2,3}(?![0-9A-Za-z.])){3,}+");

  private static final Pattern HEX_BYTE = Pattern.compile("(?:0x|\\\\x)?([0-9a-fA-F]{2})");
  private static final Pattern EIGHT_BITS = Pattern.compile("([01]{8})");
  private static final Pattern CODE = Pattern.compile("(\\d{2,3})");

  /** Three hexadecimal bytes are a colour, or a word of the letters a to f. */
  private static final int HEX_BYTES_MIN = 4;

  @Override
  public String decode(String text) {
    String plain = decode(text, BITS, EIGHT_BITS, 2);
    plain = decode(plain, HEX, HEX_BYTE, 16);
    return decode(plain, DECIMAL, CODE, 10);
  }

  private static String decode(String text, Pattern runs, Pattern number, int radix) {
    Matcher run = runs.matcher(text);
    StringBuilder plain = new StringBuilder();
    int from = 0;
    while (run.find()) {
      String decoded = text(bytes(run.group(), number, radix), radix);
      if (!decoded.isEmpty()) {
        plain.append(text, from, run.start()).append(decoded);
        from = run.end();
      }
    }
    return from == 0 ? text : plain.append(text, from, text.length()).toString();
  }

  /** Codes that stand together count if no other letter or digit follows the last of them. */
  private static Pattern runs(String together, String gap) {
    String whole = together + "(?![0-9A-Za-z])";
    return Pattern.compile("(?<![0-9A-Za-z])" + whole + "(?:" + gap + whole + ")*+");
  }

  private static String text(byte[] bytes, int radix) {
    if (radix == 16 && bytes.length < HEX_BYTES_MIN) {
      return "";
    }
    return radix == 10 ? HiddenText.ofNumbers(bytes) : HiddenText.of(bytes);
  }

  private static byte[] bytes(String run, Pattern number, int radix) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (MatchResult match : number.matcher(run).results().toList()) {
      int value = Integer.parseInt(match.group(1), radix);
      if (value > 0xFF) {
        return new byte[0];
      }
      bytes.write(value);
    }
    return bytes.toByteArray();
  }
}
