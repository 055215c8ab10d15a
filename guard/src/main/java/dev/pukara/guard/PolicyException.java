package dev.pukara.guard;

/**
 * A policy that cannot be found or read. The message tells what, where, what was expected, and the
 * cure.
 */
public final class PolicyException extends RuntimeException {
  PolicyException(String message) {
    super(message);
  }

  PolicyException(String message, Throwable cause) {
    super(message, cause);
  }
}
