package dev.pukara.engine;

import org.jspecify.annotations.Nullable;

/** A request that the engine did not answer. */
public final class EngineException extends RuntimeException {
  /** Why. */
  public enum Reason {
    /** The queue is full; try again later. */
    BUSY,
    /** The request's time limit passed before it was answered. */
    TIMEOUT,
    /** The engine is closed or was closed with the request in flight. */
    CLOSED,
    /** The request is longer than the limit, or does not fit the cache's memory. */
    TOO_LONG,
    /** The forward pass failed. */
    FAILED
  }

  private final Reason reason;

  EngineException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  EngineException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  /** Why the request was not answered. */
  public Reason reason() {
    return reason;
  }
}
