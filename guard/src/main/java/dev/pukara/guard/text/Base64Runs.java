package dev.pukara.guard.text;

import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs of Base64, in the standard or the URL alphabet, that hold text. */
final class Base64Runs implements Decoder {
  /** Lines as MIME breaks them may follow each other; short runs need their padding. */
  private static final Pattern RUN =
      Pattern.compile(
          "(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{16,}(?:\\r?\\n[A-Za-z0-9+/_-]{16,})*(?:\\r?\\n[A-Za-z0-9+/_-]+)?={0,2}"
              + "|[A-Za-z0-9+/_-]{4,}={1,2})(?![A-Za-z0-9+/_=-])");

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

  private static String decoded(String run) {
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
