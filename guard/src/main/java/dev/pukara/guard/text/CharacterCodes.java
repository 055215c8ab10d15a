package dev.pukara.guard.text;

import java.util.Arrays;
import java.util.List;
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
  private static final int CODES_MIN = 4;

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
      String decoded = decodeRun(run.group(), number, radix);
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

  /** Empty if neither the whole run nor a stretch of it is text. */
  private static String decodeRun(String run, Pattern number, int radix) {
    List<MatchResult> codes = number.matcher(run).results().toList();
    int[] values = codes.stream().mapToInt(c -> Integer.parseInt(c.group(1), radix)).toArray();
    String whole = Arrays.stream(values).allMatch(v -> v <= 0xFF) ? text(bytes(values), radix) : "";
    return whole.isEmpty() ? decodeStretches(run, codes, values) : whole;
  }

  /** A number that stands beside a run by chance, or was put there, must not spoil the others. */
  private static String decodeStretches(String run, List<MatchResult> codes, int[] values) {
    StringBuilder plain = new StringBuilder();
    int from = 0;
    int first = 0;
    for (int i = 0; i <= values.length; i++) {
      if (i < values.length && isPrintable(values[i])) {
        continue;
      }
      if (i - first >= CODES_MIN) {
        String text = HiddenText.ofNumbers(bytes(Arrays.copyOfRange(values, first, i)));
        if (!text.isEmpty()) {
          plain.append(run, from, codes.get(first).start()).append(text);
          from = codes.get(i - 1).end();
        }
      }
      first = i + 1;
    }
    return plain.isEmpty() ? "" : plain.append(run, from, run.length()).toString();
  }

  private static boolean isPrintable(int value) {
    return value >= ' ' && value < 0x7F || Character.isWhitespace(value);
  }

  private static String text(byte[] bytes, int radix) {
    if (radix == 16 && bytes.length < CODES_MIN) {
      return "";
    }
    return radix == 10 ? HiddenText.ofNumbers(bytes) : HiddenText.of(bytes);
  }

  private static byte[] bytes(int[] values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
