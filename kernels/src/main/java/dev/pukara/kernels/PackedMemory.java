package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Where prepared weights lie, taken piece by piece in the order in which layers are made: either
 * empty native memory that the layers fill, or what an earlier run filled, usually a mapped file.
 *
 * <p>Every piece starts at a multiple of 64 and is padded to one, so that the pieces of a run,
 * written one behind the other, are the memory of the next. Threads: one at a time.
 */
public final class PackedMemory implements AutoCloseable {
  private static final long ALIGNMENT = 64;

  private final Arena arena;
  private final boolean filled;
  private final List<MemorySegment> pieces = new ArrayList<>();
  private final MemorySegment source;
  private long taken;

  private PackedMemory(Arena arena, boolean filled, MemorySegment source) {
    this.arena = arena;
    this.filled = filled;
    this.source = source;
  }

  /** Memory to be filled. */
  public static PackedMemory empty() {
    return new PackedMemory(Arena.ofShared(), false, MemorySegment.NULL);
  }

  /**
   * Memory that layers of the same kind filled before.
   *
   * @param source the pieces of that run, one behind the other, aligned to 64
   * @param owner closed with this
   */
  public static PackedMemory filled(MemorySegment source, Arena owner) {
    return new PackedMemory(owner, true, source);
  }

  /** True if the pieces hold what an earlier run put there. */
  public boolean isFilled() {
    return filled;
  }

  /** What is there does not fit the layers that are made: it must be packed again. */
  public static final class MisfitException extends RuntimeException {
    private static final long serialVersionUID = 1;

    MisfitException(String message) {
      super(message);
    }
  }

  /** The next piece. */
  MemorySegment take(long bytes) {
    long padded = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    MemorySegment piece;
    if (filled) {
      if (taken + padded > source.byteSize()) {
        throw new MisfitException(
            String.format(
                Locale.ROOT,
                "packed weights end at %d, expected %d more bytes at %d",
                source.byteSize(),
                padded,
                taken));
      }
      piece = source.asSlice(taken, padded);
    } else {
      piece = arena.allocate(padded, ALIGNMENT);
      pieces.add(piece);
    }
    taken += padded;
    return piece.asSlice(0, bytes);
  }

  /**
   * Says that all layers are made.
   *
   * @throws MisfitException if something was left
   */
  public void complete() {
    if (filled && taken != source.byteSize()) {
      throw new MisfitException(
          String.format(
              Locale.ROOT, "packed weights of %d bytes, expected %d", source.byteSize(), taken));
    }
  }

  /** The pieces taken from empty memory, to be kept for the next run. */
  public List<MemorySegment> pieces() {
    return List.copyOf(pieces);
  }

  /** Bytes taken. */
  public long bytes() {
    return taken;
  }

  /** Frees the memory. */
  @Override
  public void close() {
    arena.close();
  }
}
