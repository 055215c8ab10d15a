package dev.pukara.kernels;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Who sees whom among the rows of a training batch. The rows are the tokens of a forest of segments
 * in depth-first order, so that the rows that see row {@code j} are one interval: from {@code j}
 * itself to the end of its segment's subtree. Row {@code i} sees {@code j} iff {@code j <= i <
 * seenUntil[j]}.
 *
 * <pre>
 *        policy   a talk  tail  another talk  tail        policy is seen until the end,
 * rows  |PPPPPPPP|AAAAAAA|aa|BBBBBBBBBBBBBBB|bb|          A until the end of its tail,
 *        ────────────────────────────────────────►        a only by itself.
 *                 ─────────►
 * </pre>
 *
 * <p>Attention works on tiles of {@link #TILE} query rows by {@link #TILE} key rows; tiles that
 * nobody sees are left out.
 */
public final class RowTree {
  /** Rows of a tile; a tree has a multiple of them. */
  public static final int TILE = 64;

  /**
   * Neighbouring key tiles that some row of a query tile sees.
   *
   * @param firstTile first of them
   * @param tiles how many
   * @param column where the scores of the run begin in the row of scores of its query tile
   */
  record Run(int firstTile, int tiles, int column) {
    int firstRow() {
      return firstTile * TILE;
    }

    int rows() {
      return tiles * TILE;
    }
  }

  private final int[] positions;
  private final int[] seenUntil;
  private final List<List<Run>> runs = new ArrayList<>();
  private final boolean[][] whole;

  /**
   * Makes the tree of {@code positions.length} rows, a multiple of {@link #TILE}.
   *
   * @param positions position of each row in its chain, for RoPE
   * @param seenUntil first row behind those that see the row; at least the row's number plus 1
   */
  public RowTree(int[] positions, int[] seenUntil) {
    if (positions.length != seenUntil.length || positions.length % TILE != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "tree of %d positions and %d intervals, expected the same multiple of %d",
              positions.length,
              seenUntil.length,
              TILE));
    }
    for (int j = 0; j < seenUntil.length; j++) {
      if (seenUntil[j] <= j || seenUntil[j] > seenUntil.length || positions[j] < 0) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "row %d of %d: position %d, seen until %d",
                j,
                seenUntil.length,
                positions[j],
                seenUntil[j]));
      }
    }
    this.positions = positions.clone();
    this.seenUntil = seenUntil.clone();
    int tiles = tiles();
    whole = new boolean[tiles][];
    for (int query = 0; query < tiles; query++) {
      runs.add(runsOf(query));
    }
  }

  private List<Run> runsOf(int query) {
    whole[query] = new boolean[query + 1];
    List<Run> found = new ArrayList<>();
    int column = 0;
    int first = -1;
    for (int key = 0; key <= query; key++) {
      boolean seen = key == query || latest(key) > query * TILE;
      whole[query][key] = key < query && earliest(key) >= (query + 1) * TILE;
      if (seen && first < 0) {
        first = key;
      }
      if (!seen && first >= 0) {
        found.add(new Run(first, key - first, column));
        column += (key - first) * TILE;
        first = -1;
      }
    }
    found.add(new Run(first, query + 1 - first, column));
    return found;
  }

  private int latest(int tile) {
    int latest = 0;
    for (int j = tile * TILE; j < (tile + 1) * TILE; j++) {
      latest = Math.max(latest, seenUntil[j]);
    }
    return latest;
  }

  private int earliest(int tile) {
    int earliest = Integer.MAX_VALUE;
    for (int j = tile * TILE; j < (tile + 1) * TILE; j++) {
      earliest = Math.min(earliest, seenUntil[j]);
    }
    return earliest;
  }

  /** Number of rows. */
  public int rows() {
    return positions.length;
  }

  /** Number of tiles. */
  int tiles() {
    return positions.length / TILE;
  }

  /** Position of a row in its chain. */
  public int position(int row) {
    return positions[row];
  }

  /** First row behind those that see {@code row}. */
  public int seenUntil(int row) {
    return seenUntil[row];
  }

  /** True if row {@code query} attends to row {@code key}. */
  public boolean sees(int query, int key) {
    return key <= query && query < seenUntil[key];
  }

  /** The key tiles that query tile {@code tile} needs, in order. */
  List<Run> runs(int tile) {
    return runs.get(tile);
  }

  /** Keys in all runs of a query tile. */
  int keys(int tile) {
    Run last = runs.get(tile).getLast();
    return last.column() + last.rows();
  }

  /** True if all rows of query tile {@code query} see all rows of key tile {@code key}. */
  boolean whole(int query, int key) {
    return whole[query][key];
  }
}
