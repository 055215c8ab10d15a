package dev.pukara.guard.remote;

/** A server gave no answer that can be read. The message names the server, never the text. */
public final class RemoteException extends RuntimeException {
  private final boolean again;

  RemoteException(String message, boolean again) {
    super(message);
    this.again = again;
  }

  RemoteException(String message, boolean again, Throwable cause) {
    super(message, cause);
    this.again = again;
  }

  /** True if the same question may succeed later. */
  public boolean mayPass() {
    return again;
  }
}
