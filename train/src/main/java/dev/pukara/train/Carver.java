package dev.pukara.train;

import dev.pukara.kernels.Element;
import dev.pukara.kernels.Matrix;

/** Cuts matrices off a piece of memory, one behind the other, aligned to cache lines. */
final class Carver {
  private final long begin;
  private long bytes;

  /** Cuts from {@code begin} on; a carver at 0 only measures. */
  Carver(long begin) {
    this.begin = begin;
  }

  Matrix cut(Element element, int rows, int cols) {
    Matrix matrix = new Matrix(element, rows, cols, cols, 1, begin + bytes);
    bytes += ((long) element.bytes() * rows * cols + 63) / 64 * 64;
    return matrix;
  }

  /** Bytes cut off so far. */
  long bytes() {
    return bytes;
  }
}
