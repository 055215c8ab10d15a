package dev.pukara.model;

/**
 * A file's content is not what its format says. The message tells what, where, what was expected,
 * and the cure.
 */
public final class FormatException extends RuntimeException {
  /**
   * With the whole message: {@code llama-guard.gguf @4: GGUF version 2, expected 3; convert it with
   * ...}.
   */
  public FormatException(String message) {
    super(message);
  }

  /** With the failure beneath. */
  public FormatException(String message, Throwable cause) {
    super(message, cause);
  }
}
