package dev.pukara.model;

/**
 * A file's content is not what its format says. The message tells what, where, what was expected,
 * and the cure.
 */
public final class FormatException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** The cure for damage that only another copy of the file mends. */
  static final String FETCH_AGAIN = "the file is damaged or incomplete: copy or download it again";

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

  /** Damage at a byte offset of a file. */
  static FormatException at(String file, long offset, String problem) {
    return new FormatException(file + " @" + offset + ": " + problem + "; " + FETCH_AGAIN);
  }
}
