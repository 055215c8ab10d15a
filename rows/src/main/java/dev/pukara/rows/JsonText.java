package dev.pukara.rows;

import java.util.function.Function;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.json.JsonMapper;

/** JSON for files of lines, and what is told of text that is no JSON. */
public final class JsonText {
  private static final JsonMapper JSON = new JsonMapper();

  /** Half a surrogate pair, which UTF-8 has no bytes for. */
  private static final Pattern HALF = Pattern.compile("\\p{Cs}");

  private JsonText() {}

  /** A value as one line that can be written as UTF-8 and reads the same. */
  public static String line(Object value) {
    return HALF.matcher(JSON.writeValueAsString(value))
        .replaceAll(half -> String.format("\\\\u%04x", (int) half.group().charAt(0)));
  }

  /**
   * Why text could not be read. The parser's own message may quote the text, and where the text
   * exceeds one of the parser's limits it knows no place.
   *
   * @param at tells the place, if there is one
   */
  public static String problem(JacksonException e, Function<TokenStreamLocation, String> at) {
    return e.getLocation() == null
        ? "JSON that nests too deep, or with a name, number or text that is too long"
        : at.apply(e.getLocation());
  }
}
