package dev.pukara.guard.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Escapes that need not be: {@code %62}, {@code \u0062}, {@code \x62}, {@code &#98;}. Links with
 * the escapes that links need are left alone.
 */
final class Escapes implements Decoder {
  private static final String ONE =
      "%[0-9a-fA-F]{2}|\\\\u(?:\\{[0-9a-fA-F]{1,6}\\}|[0-9a-fA-F]{4})|\\\\x[0-9a-fA-F]{2}|&#x[0-9a-fA-F]{1,6};|&#\\d{1,7};";
  private static final Pattern RUN = Pattern.compile("(?:" + ONE + ")++");
  private static final Pattern ESCAPE = Pattern.compile(ONE);
  private static final Pattern LINK = Pattern.compile("(?:https?://|www\\.)\\S+");

  /** So many escaped letters, or blanks outside of links, are no accident. */
  private static final int NEEDLESS_MIN = 3;

  @Override
  public String decode(String text) {
    if (!ESCAPE.matcher(text).find()) {
      return text;
    }
    String linkless = LINK.matcher(text).replaceAll(" ");
    if (needless(text, false) < NEEDLESS_MIN && needless(linkless, true) < NEEDLESS_MIN) {
      return text;
    }
    return RUN.matcher(text).replaceAll(run -> Matcher.quoteReplacement(plain(run.group())));
  }

  private static int needless(String text, boolean blanks) {
    int count = 0;
    for (MatchResult match : ESCAPE.matcher(text).results().toList()) {
      int code = code(match.group());
      count += code < 0x80 && (Character.isLetter(code) || blanks && code == ' ') ? 1 : 0;
    }
    return count;
  }

  /** A run of percent escapes is UTF-8, every other escape is a code point of its own. */
  private static String plain(String run) {
    StringBuilder text = new StringBuilder();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (MatchResult match : ESCAPE.matcher(run).results().toList()) {
      int code = code(match.group());
      if (match.group().startsWith("%")) {
        bytes.write(code);
      } else {
        text.append(bytes.toString(StandardCharsets.UTF_8));
        bytes.reset();
        text.append(Character.isValidCodePoint(code) ? Character.toString(code) : match.group());
      }
    }
    return text.append(bytes.toString(StandardCharsets.UTF_8)).toString();
  }

  private static int code(String escape) {
    boolean decimal = escape.startsWith("&#") && !escape.startsWith("&#x");
    String digits = escape.replaceAll(decimal ? "[^0-9]" : "^(?:%|\\\\u|\\\\x|&#x)|[{};]", "");
    return Integer.parseInt(digits, decimal ? 10 : 16);
  }
}
