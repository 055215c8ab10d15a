package dev.pukara.kernels;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * Native memory for intermediate results, reused from call to call: one piece for all workers, one
 * for each. A piece grows to what was asked for and never shrinks; its content is undefined at the
 * start of a call.
 */
final class Workspace implements AutoCloseable {
  private final Piece shared = new Piece();
  private final Piece[] own;

  Workspace(int members) {
    own = new Piece[members];
    for (int i = 0; i < members; i++) {
      own[i] = new Piece();
    }
  }

  /** Address of the common piece; only the thread that starts the workers may ask. */
  long shared(long bytes) {
    return shared.atLeast(bytes);
  }

  /** Address of a member's piece; only this member may ask. */
  long own(int member, long bytes) {
    return own[member].atLeast(bytes);
  }

  /** Rounds up to whole cache lines. */
  static long aligned(long bytes) {
    return (bytes + 63) & -64;
  }

  @Override
  public void close() {
    shared.close();
    for (Piece piece : own) {
      piece.close();
    }
  }

  private static final class Piece {
    private @Nullable Arena arena;
    private long address;
    private long size;

    long atLeast(long bytes) {
      if (bytes > size) {
        close();
        Arena grown = Arena.ofShared();
        arena = grown;
        address = grown.allocate(bytes, 64).address();
        size = bytes;
      }
      return address;
    }

    void close() {
      if (arena != null) {
        arena.close();
        arena = null;
        size = 0;
      }
    }
  }
}
