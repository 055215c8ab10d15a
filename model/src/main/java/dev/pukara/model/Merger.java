package dev.pukara.model;

/** Applies merges to the symbols of one piece at a time. Used by one thread. */
final class Merger {
  /** Up to here, looking for the lowest rank from the start each time is faster than a heap. */
  private static final int SHORT_PIECE = 48;

  private static final int END = -1;

  private final Merges merges;
  private final long[] pairs = new long[SHORT_PIECE];

  Merger(Merges merges) {
    this.merges = merges;
  }

  /**
   * Merges until no two neighbours can.
   *
   * @param symbols ids; the result takes their place
   * @param count how many they are
   * @return how many are left
   */
  int merge(int[] symbols, int count) {
    return count <= SHORT_PIECE ? mergeShort(symbols, count) : mergeLong(symbols, count);
  }

  private int mergeShort(int[] symbols, int count) {
    for (int i = 0; i + 1 < count; i++) {
      pairs[i] = merges.get(symbols[i], symbols[i + 1]);
    }
    int left = count;
    for (int best = best(left); best >= 0; best = best(left)) {
      symbols[best] = (int) pairs[best];
      left--;
      System.arraycopy(symbols, best + 2, symbols, best + 1, left - best - 1);
      if (best + 1 < left) {
        System.arraycopy(pairs, best + 2, pairs, best + 1, left - best - 2);
        pairs[best] = merges.get(symbols[best], symbols[best + 1]);
      }
      if (best > 0) {
        pairs[best - 1] = merges.get(symbols[best - 1], symbols[best]);
      }
    }
    return left;
  }

  /** Index of the leftmost pair of the lowest rank, or -1. */
  private int best(int count) {
    int best = -1;
    int lowest = rank(Merges.NONE);
    for (int i = 0; i + 1 < count; i++) {
      int rank = rank(pairs[i]);
      if (rank < lowest) {
        lowest = rank;
        best = i;
      }
    }
    return best;
  }

  /**
   * The same in O(n log n): the symbols are a linked list, their pairs wait in a heap ordered by
   * rank, then position. A pair that has changed since it was put there is passed over when it
   * comes up.
   */
  private int mergeLong(int[] symbols, int count) {
    int[] previous = new int[count];
    int[] next = new int[count];
    long[] waiting = new long[count];
    LongHeap heap = new LongHeap(count);
    for (int i = 0; i < count; i++) {
      previous[i] = i - 1;
      next[i] = i + 1 < count ? i + 1 : END;
      waiting[i] = next[i] == END ? Merges.NONE : merges.get(symbols[i], symbols[i + 1]);
      offer(heap, waiting, i);
    }
    while (!heap.isEmpty()) {
      long key = heap.poll();
      int at = (int) key;
      if (rank(waiting[at]) != rank(key)) {
        continue;
      }
      int gone = next[at];
      int after = next[gone];
      symbols[at] = (int) waiting[at];
      next[at] = after;
      waiting[gone] = Merges.NONE;
      waiting[at] = after == END ? Merges.NONE : merges.get(symbols[at], symbols[after]);
      offer(heap, waiting, at);
      if (after != END) {
        previous[after] = at;
      }
      int before = previous[at];
      if (before != END) {
        waiting[before] = merges.get(symbols[before], symbols[at]);
        offer(heap, waiting, before);
      }
    }
    int left = 0;
    for (int i = 0; i != END; i = next[i]) {
      symbols[left++] = symbols[i];
    }
    return left;
  }

  private static void offer(LongHeap heap, long[] waiting, int position) {
    if (waiting[position] != Merges.NONE) {
      heap.add((long) rank(waiting[position]) << 32 | position);
    }
  }

  private static int rank(long merge) {
    return (int) (merge >>> 32);
  }
}
