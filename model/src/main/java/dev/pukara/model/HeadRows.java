package dev.pukara.model;

import dev.pukara.kernels.Activations;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import dev.pukara.kernels.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Room for the rows that the output head reads, and for its logits. Kept from call to call and
 * replaced when it is too small: closing shared memory stops all threads, which takes as long as a
 * few blocks of a small model.
 */
final class HeadRows implements AutoCloseable {
  private final Kernels kernels;
  private final int width;
  private Arena arena = Arena.ofShared();
  private Tensor picked;
  private Activations normed;
  private MemorySegment logits;

  HeadRows(Kernels kernels, int width) {
    this.kernels = kernels;
    this.width = width;
    this.picked = Tensor.allocate(arena, 1, width);
    this.normed = kernels.activations(arena, 1, width, Precision.F32);
    this.logits = arena.allocate(64, 64);
  }

  /** Makes room for {@code rows} rows and the logits of {@code tokens} tokens in each. */
  void reserve(int rows, int tokens) {
    long bytes = 4L * rows * tokens;
    if (rows <= picked.rows() && bytes <= logits.byteSize()) {
      return;
    }
    int rowsNow = Math.max(rows, picked.rows());
    long bytesNow = Math.max(bytes, logits.byteSize());
    arena.close();
    arena = Arena.ofShared();
    picked = Tensor.allocate(arena, rowsNow, width);
    normed = kernels.activations(arena, rowsNow, width, Precision.F32);
    logits = arena.allocate(bytesNow, 64);
  }

  /** Rows of the residual stream {@code (rows, width)}, at least as many as were reserved. */
  Tensor picked() {
    return picked;
  }

  /** The same rows, normed. */
  Activations normed() {
    return normed;
  }

  /** Room for logits {@code (rows, tokens)}. */
  Tensor logits(int rows, int tokens) {
    return Tensor.wrap(logits, rows, tokens);
  }

  @Override
  public void close() {
    arena.close();
  }
}
