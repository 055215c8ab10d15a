package dev.pukara.app.cli;

/** Something that the caller can mend; the message says what, where, expected, cure. */
final class UserException extends RuntimeException {
  UserException(String message) {
    super(message);
  }

  UserException(String message, Throwable cause) {
    super(message, cause);
  }
}
