package dev.pukara.guard.text;

import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs of Base64, in the standard or the URL alphabet, that hold text. */
final class Base64Runs implements Decoder {
  private static final String DIGIT = "[A-Za-z0-9+/_-]";

  /** Padding may follow a line, then neither more of it nor more digits. */
  private static final String END = "(?!={1,2}" + DIGIT + "|===)";

  private static final String LINE = DIGIT + "{16,}+" + END;

  /** Lines as MIME breaks them may follow each other; short runs need their padding. */
  private static final Pattern RUN =
      Pattern.compile(
          ("(?<!" + DIGIT + ")")
              + ("(?:" + LINE + "(?:\\r?\\n" + LINE + ")*+")
              + ("(?:\\r?\\n" + DIGIT + "++" + END + ")?+={0,2}")
              + ("|" + DIGIT + "{4,}+" + END + "={1,2})"));

  private static final Pattern LINES = Pattern.compile("[^\\r\\n]+");

  @Override
  public String decode(String text) {
    Matcher runs = RUN.matcher(text);
    StringBuilder plain = new StringBuilder();
    int from = 0;
    while (runs.find()) {
      String decoded = decoded(runs.group());
      if (!decoded.isEmpty()) {
        plain.append(text, from, runs.start()).append(decoded);
        from = runs.end();
      }
    }
    return from == 0 ? text : plain.append(text, from, text.length()).toString();
  }

  /**
   * Empty if no text comes of it. A word on a line of its own looks like the end or the beginning
   * of Base64: then the other lines count, as a whole or each by itself.
   */
  private String decoded(String run) {
    int first = run.indexOf('\n');
    String whole = joined(run);
    if (!whole.isEmpty() || first < 0) {
      return whole;
    }
    int last = run.lastIndexOf('\n');
    String start = joined(run.substring(0, last));
    if (!start.isEmpty()) {
      return start + run.substring(last);
    }
    String end = joined(run.substring(first + 1));
    if (!end.isEmpty()) {
      return run.substring(0, first + 1) + end;
    }
    String lines =
        LINES.matcher(run).replaceAll(line -> Matcher.quoteReplacement(decode(line.group())));
    return lines.equals(run) ? "" : lines;
  }

  private static String joined(String run) {
    String joined = run.replaceAll("[\\r\\n=]", "").replace('-', '+').replace('_', '/');
    if (joined.length() % 4 == 1) {
      joined = joined.substring(0, joined.length() - 1);
    }
    try {
      return HiddenText.of(Base64.getDecoder().decode(joined));
    } catch (IllegalArgumentException e) {
      return "";
    }
  }
}
