package dev.pukara.model;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Tokens of short pieces merged before: one entry per slot, the newer takes the place of the older,
 * so that its memory is bounded (about 5 MB when full). Shared by threads without locks: an entry
 * never changes once made, and a thread that does not see another's yet merges again.
 */
final class PieceCache {
  /** Bytes of the longest piece that is kept. */
  static final int PIECE_BYTES_MAX = 32;

  private static final int SLOTS = 1 << 15;

  private record Entry(byte[] piece, int[] tokens) {
    boolean holds(byte[] text, int from, int to) {
      return Arrays.equals(piece, 0, piece.length, text, from, to);
    }
  }

  private final @Nullable Entry[] entries = new @Nullable Entry[SLOTS];

  /** Tokens of {@code text[from..to)}, not to be written to, or null. */
  int @Nullable [] get(byte[] text, int from, int to) {
    Entry entry = entries[Hash.slot(Hash.of(text, from, to), SLOTS)];
    return entry != null && entry.holds(text, from, to) ? entry.tokens : null;
  }

  void put(byte[] text, int from, int to, int[] tokens) {
    entries[Hash.slot(Hash.of(text, from, to), SLOTS)] =
        new Entry(Arrays.copyOfRange(text, from, to), tokens);
  }
}
