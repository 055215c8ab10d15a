package dev.pukara.kernels;

/** Kernels or a precision that were asked for cannot run here; the message has reason and cure. */
public final class KernelsException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  KernelsException(String message) {
    super(message);
  }
}
