package dev.pukara.app.cli;

/** Something outside that is not there now; nothing is wrong with what the user gave. */
final class UnavailableException extends RuntimeException {
  UnavailableException(String message) {
    super(message);
  }
}
