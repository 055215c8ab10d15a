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
  private Room room;

  private record Room(Arena arena, Tensor picked, Activations normed, MemorySegment logits) {}

  HeadRows(Kernels kernels, int width) {
    this.kernels = kernels;
    this.width = width;
    this.room = room(kernels, width, 1, Float.BYTES);
  }

  private static Room room(Kernels kernels, int width, int rows, long logitsBytes) {
    Arena arena = Arena.ofShared();
    return new Room(
        arena,
        Tensor.allocate(arena, rows, width),
        kernels.activations(arena, rows, width, Precision.F32),
        arena.allocate(logitsBytes, 64));
  }

  /** Makes room for {@code rows} rows and the logits of {@code tokens} tokens in each. */
  void reserve(int rows, int tokens) {
    int rowsNow = Math.max(rows, room.picked.rows());
    long bytesNow = Math.max(4L * rows * tokens, room.logits.byteSize());
    if (rowsNow > room.picked.rows() || bytesNow > room.logits.byteSize()) {
      room.arena.close();
      room = room(kernels, width, rowsNow, bytesNow);
    }
  }

  /** Rows of the residual stream {@code (rows, width)}, at least as many as were reserved. */
  Tensor picked() {
    return room.picked;
  }

  /** The same rows, normed. */
  Activations normed() {
    return room.normed;
  }

  /** Room for logits {@code (rows, tokens)}. */
  Tensor logits(int rows, int tokens) {
    return Tensor.wrap(room.logits, rows, tokens);
  }

  @Override
  public void close() {
    room.arena.close();
  }
}
