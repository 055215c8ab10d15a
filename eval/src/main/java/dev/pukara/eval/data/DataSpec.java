package dev.pukara.eval.data;

import dev.pukara.rows.RowException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a data set is.
 *
 * @param name label in results, and the name of their folder
 * @param reader id of a reader; empty = found out from the file
 * @param path the file
 */
public record DataSpec(String name, Optional<String> reader, Path path) {
  private static final Pattern FORM =
      Pattern.compile("([A-Za-z0-9][A-Za-z0-9._-]*)(?::([a-z0-9-]+))?=(.+)");

  /**
   * Reads {@code NAME=PATH} or {@code NAME:reader=PATH}.
   *
   * @throws RowException if it is neither
   */
  public static DataSpec parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new RowException(
          "--data '"
              + text
              + "': expected NAME=PATH or NAME:reader=PATH, with a NAME of letters, digits, '.', '_', '-'");
    }
    return new DataSpec(
        matcher.group(1), Optional.ofNullable(matcher.group(2)), Path.of(matcher.group(3)));
  }
}
