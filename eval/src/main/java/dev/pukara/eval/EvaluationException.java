package dev.pukara.eval;

/** An evaluation that cannot run as asked; the message says what, where, expected, cure. */
public final class EvaluationException extends IllegalArgumentException {
  EvaluationException(String message) {
    super(message);
  }

  EvaluationException(String message, Throwable cause) {
    super(message, cause);
  }
}
