package dev.pukara.app.cli;

/** Something that the caller can mend; the message says what, where, expected, cure. */
final class UserException extends RuntimeException {
  UserException(String message) {
    super(message);
  }

  UserException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Refuses a number that an option cannot have. */
  static void atLeast(int least, int value, String option) {
    if (value < least) {
      throw new UserException(option + " " + value + ": expected at least " + least);
    }
  }
}
