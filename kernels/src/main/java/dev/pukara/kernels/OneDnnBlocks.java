package dev.pukara.kernels;

import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Numbers of rows for which products are compiled. Compiling takes a millisecond (on AMX up to
 * thirty), so that rows are rounded up to a few numbers; the superfluous results are dropped.
 */
final class OneDnnBlocks {
  /** Rows of the largest product: more do not make it faster. */
  static final int MAX = 256;

  /** Rows that may be read behind the last one. */
  static final int SPARE = 16;

  /** Up to here the steps are finer. */
  private static final int FINE_MAX = 128;

  /** What a task costs besides its rows, in rows: loading the weights. */
  private static final int TASK_COST = 6;

  private static final int STEP = 16;

  /** AMX tiles have 16 rows. */
  private static final int FINE_STEP = OneDnn.hasAmx() ? STEP : 8;

  private OneDnnBlocks() {}

  /** The next compiled number of rows, at least {@code rows} (at most {@link #MAX}). */
  static int roundUp(int rows) {
    if (rows <= 2) {
      return rows;
    }
    if (rows <= 4) {
      return 4;
    }
    int step = rows <= FINE_MAX ? FINE_STEP : STEP;
    return (rows + step - 1) / step * step;
  }

  /**
   * The numbers of rows of all products into which calls of 1 to {@code rowsMax} rows are cut,
   * ascending.
   */
  static SortedSet<Integer> sizes(int rowsMax, int chunks, int members) {
    SortedSet<Integer> sizes = new TreeSet<>();
    for (int rows = 1; rows <= rowsMax; rows++) {
      int block = size(rows, chunks, members);
      if (rows >= block) {
        sizes.add(block);
      }
      if (rows % block > 0) {
        sizes.add(roundUp(rows % block));
      }
    }
    return sizes;
  }

  /**
   * Rows per block such that {@code chunks} columns of blocks keep {@code members} threads equally
   * busy.
   */
  static int size(int rows, int chunks, int members) {
    return size(rows, MAX, chunks, members);
  }

  /** The same with at most {@code max} rows per block. */
  static int size(int rows, int max, int chunks, int members) {
    int fewest = (rows + max - 1) / max;
    int best = max;
    long least = Long.MAX_VALUE;
    for (int blocks = fewest; blocks <= fewest + 2 * members; blocks++) {
      int size = roundUp((rows + blocks - 1) / blocks);
      int tasks = chunks * ((rows + size - 1) / size);
      long cost = (long) (tasks + members - 1) / members * (size + TASK_COST);
      if (cost < least) {
        least = cost;
        best = size;
      }
    }
    return best;
  }
}
