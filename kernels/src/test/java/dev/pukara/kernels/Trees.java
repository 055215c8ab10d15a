package dev.pukara.kernels;

import java.util.Random;

/** Trees of rows for tests. */
final class Trees {
  private Trees() {}

  /** One segment: plain causal attention. */
  static RowTree chain(int rows) {
    int[] positions = new int[rows];
    int[] seenUntil = new int[rows];
    for (int i = 0; i < rows; i++) {
      positions[i] = i;
      seenUntil[i] = rows;
    }
    return new RowTree(positions, seenUntil);
  }

  /** Segments of random lengths under random open ancestors, several roots among them. */
  static RowTree random(Random random, int tiles) {
    int rows = tiles * RowTree.TILE;
    int[] positions = new int[rows];
    int[] seenUntil = new int[rows];
    grow(random, 0, rows, 0, positions, seenUntil);
    return new RowTree(positions, seenUntil);
  }

  /** Fills rows {@code from..to} with subtrees that begin at {@code position}. */
  private static void grow(
      Random random, int from, int to, int position, int[] positions, int[] seenUntil) {
    int at = from;
    while (at < to) {
      int end = at + 1 + random.nextInt(to - at);
      int own = at + 1 + random.nextInt(end - at);
      for (int i = at; i < own; i++) {
        positions[i] = position + i - at;
        seenUntil[i] = end;
      }
      grow(random, own, end, position + own - at, positions, seenUntil);
      at = end;
    }
  }
}
