package dev.pukara.kernels;

import jdk.incubator.vector.IntVector;

/**
 * Lays rows beside each other, so that the values that a product needs at the same time lie in one
 * place: a panel of {@code r} rows holds {@code out[r * k + i] = row[i][k]}.
 *
 * <p>Rows are woven two by two with the step {@code a b -> a0 b0 a1 b1 ...}; weaving row {@code i}
 * with row {@code i + r/2}, then the results likewise, gives the rows in order. The data stay bits:
 * they move as ints, whose table look-up needs no conversion of its indices.
 */
final class Panels {
  /** Rows of a panel of activations. */
  static final int QUAD = 4;

  private static final IntVector LOW = weave(0);
  private static final IntVector HIGH = weave(Lanes.COUNT / 2);

  private Panels() {}

  private static IntVector weave(int from) {
    int[] lanes = new int[Lanes.COUNT];
    for (int i = 0; i < lanes.length; i++) {
      lanes[i] = from + i / 2 + i % 2 * Lanes.COUNT;
    }
    return IntVector.fromArray(Lanes.I, lanes, 0);
  }

  private static IntVector low(IntVector a, IntVector b) {
    return LOW.selectFrom(a, b);
  }

  private static IntVector high(IntVector a, IntVector b) {
    return HIGH.selectFrom(a, b);
  }

  /**
   * Makes a panel of four rows of {@code n} values. Writes up to {@link #slack} bytes behind it;
   * reads only the rows.
   */
  static void quad(long a, long b, long c, long d, int n, long out) {
    int k = 0;
    for (; k + Lanes.COUNT <= n; k += Lanes.COUNT) {
      weave(
          Lanes.loadInts(a + 4L * k),
          Lanes.loadInts(b + 4L * k),
          Lanes.loadInts(c + 4L * k),
          Lanes.loadInts(d + 4L * k),
          out + 16L * k);
    }
    if (k < n) {
      weave(
          Lanes.load(a + 4L * k, n - k).reinterpretAsInts(),
          Lanes.load(b + 4L * k, n - k).reinterpretAsInts(),
          Lanes.load(c + 4L * k, n - k).reinterpretAsInts(),
          Lanes.load(d + 4L * k, n - k).reinterpretAsInts(),
          out + 16L * k);
    }
  }

  private static void weave(IntVector a, IntVector b, IntVector c, IntVector d, long out) {
    IntVector acLow = low(a, c);
    IntVector acHigh = high(a, c);
    IntVector bdLow = low(b, d);
    IntVector bdHigh = high(b, d);
    Lanes.storeInts(out, low(acLow, bdLow));
    Lanes.storeInts(out + Lanes.BYTES, high(acLow, bdLow));
    Lanes.storeInts(out + 2 * Lanes.BYTES, low(acHigh, bdHigh));
    Lanes.storeInts(out + 3 * Lanes.BYTES, high(acHigh, bdHigh));
  }

  /** Bytes that may be written behind a panel. */
  static long slack() {
    return 4 * Lanes.BYTES;
  }

  /** Bytes of scratch that {@link #full} needs for rows of {@code n} values. */
  static long scratchBytes(int n) {
    return Lanes.BYTES * n + Lanes.COUNT / QUAD * slack();
  }

  /**
   * Makes a panel of {@link Lanes#COUNT} rows, whose addresses are {@code rows[at...]} (plus {@code
   * offset} bytes), of {@code n} values. Writes up to {@link #slack} bytes behind it.
   */
  static void full(long[] rows, int at, long offset, int n, long scratch, long out) {
    int quads = Lanes.COUNT / QUAD;
    if (quads == 1) {
      quad(
          rows[at] + offset,
          rows[at + 1] + offset,
          rows[at + 2] + offset,
          rows[at + 3] + offset,
          n,
          out);
      return;
    }
    long size = 16L * n + slack();
    for (int q = 0; q < quads; q++) {
      quad(
          rows[at + q] + offset,
          rows[at + q + quads] + offset,
          rows[at + q + 2 * quads] + offset,
          rows[at + q + 3 * quads] + offset,
          n,
          scratch + q * size);
    }
    if (quads == 2) {
      pair(scratch, scratch + size, 4 * n, out);
    } else {
      four(scratch, size, 4 * n, out);
    }
  }

  private static void pair(long a, long b, int n, long out) {
    for (int k = 0; k < n; k += Lanes.COUNT) {
      IntVector x = Lanes.loadInts(a + 4L * k);
      IntVector y = Lanes.loadInts(b + 4L * k);
      Lanes.storeInts(out + 8L * k, low(x, y));
      Lanes.storeInts(out + 8L * k + Lanes.BYTES, high(x, y));
    }
  }

  private static void four(long a, long size, int n, long out) {
    long b = a + size;
    long c = a + 2 * size;
    long d = a + 3 * size;
    for (int k = 0; k < n; k += Lanes.COUNT) {
      weave(
          Lanes.loadInts(a + 4L * k),
          Lanes.loadInts(b + 4L * k),
          Lanes.loadInts(c + 4L * k),
          Lanes.loadInts(d + 4L * k),
          out + 16L * k);
    }
  }
}
