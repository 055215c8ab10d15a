package dev.pukara.rows;

/**
 * A row that cannot be read, or whose labels do not fit the policy. The message tells file, line,
 * field, what was expected, and the cure; it never quotes the row's text.
 */
public final class RowException extends IllegalArgumentException {
  /** With a message for the author of the file. */
  public RowException(String message) {
    super(message);
  }

  /** With the cause. */
  public RowException(String message, Throwable cause) {
    super(message, cause);
  }
}
