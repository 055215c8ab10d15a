package dev.pukara.kernels;

import static dev.pukara.kernels.Lanes.ALL;
import static dev.pukara.kernels.Lanes.ANY;
import static dev.pukara.kernels.Lanes.BYTES;
import static dev.pukara.kernels.Lanes.F;
import static dev.pukara.kernels.Lanes.F32;
import static dev.pukara.kernels.Lanes.ORDER;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;

/**
 * The innermost loop of all products: a tile of the result stays in registers while it takes one
 * column of activations times one row of weights after the other.
 *
 * <p>{@code C[i][j] = sum over k of x[i][k] * w[k][j]}, for {@code 2 * Lanes.COUNT} columns j. The
 * rows of x come in panels of four ({@link Panels#quad}), {@code quad} bytes apart. The row k of w
 * is two vectors, at {@code w + step * k} and {@code next} bytes behind. The rows of C are {@code
 * row} bytes apart. With 24 accumulators the loop is bound by multiply-adds: two loads of vectors
 * and twelve of scalars feed 24 of them.
 *
 * <p>Spelled out, without helper methods and without arrays: an accumulator that C2 cannot see
 * through a call that it chose not to inline would live on the heap. But short: C1 gives up on a
 * method of some hundred vector operations, and then C2 never gets its turn.
 */
final class Tiles {
  /** Rows of the tall tile. */
  static final int TALL = Lanes.MANY_REGISTERS ? 12 : 4;

  /** Columns of a tile. */
  static final int COLS = 2 * Lanes.COUNT;

  /** Bound of {@code step}: with it C2 knows that no address overflows, and drops all checks. */
  private static final long SMALL = (1L << 24) - 1;

  private Tiles() {}

  /** A tile of {@link #TALL} rows. */
  static void tall(long x, long quad, long w, long next, long step, int n, long c, long row) {
    if (TALL == 12) {
      twelve(x, quad, w, next, step, n, c, row);
    } else {
      four(x, w, next, step, n, c, row);
    }
  }

  /** A tile of four rows. */
  static void four(long x, long w, long next, long step, int n, long c, long row) {
    long x0 = x & ANY;
    long from = w & ANY;
    long second = w + next & ANY;
    long stride = step & SMALL;
    FloatVector c0a = FloatVector.zero(F);
    FloatVector c0b = c0a;
    FloatVector c1a = c0a;
    FloatVector c1b = c0a;
    FloatVector c2a = c0a;
    FloatVector c2b = c0a;
    FloatVector c3a = c0a;
    FloatVector c3b = c0a;
    for (int k = 0; k < n; k++) {
      FloatVector a = fromMemorySegment(F, ALL, from + stride * k, ORDER);
      FloatVector b = fromMemorySegment(F, ALL, second + stride * k, ORDER);
      FloatVector s;
      s = broadcast(F, ALL.get(F32, x0 + 16L * k));
      c0a = s.fma(a, c0a);
      c0b = s.fma(b, c0b);
      s = broadcast(F, ALL.get(F32, x0 + 16L * k + 4));
      c1a = s.fma(a, c1a);
      c1b = s.fma(b, c1b);
      s = broadcast(F, ALL.get(F32, x0 + 16L * k + 8));
      c2a = s.fma(a, c2a);
      c2b = s.fma(b, c2b);
      s = broadcast(F, ALL.get(F32, x0 + 16L * k + 12));
      c3a = s.fma(a, c3a);
      c3b = s.fma(b, c3b);
    }
    c0a.intoMemorySegment(ALL, c & ANY, ORDER);
    c0b.intoMemorySegment(ALL, c + BYTES & ANY, ORDER);
    c1a.intoMemorySegment(ALL, c + row & ANY, ORDER);
    c1b.intoMemorySegment(ALL, c + row + BYTES & ANY, ORDER);
    c2a.intoMemorySegment(ALL, c + 2 * row & ANY, ORDER);
    c2b.intoMemorySegment(ALL, c + 2 * row + BYTES & ANY, ORDER);
    c3a.intoMemorySegment(ALL, c + 3 * row & ANY, ORDER);
    c3b.intoMemorySegment(ALL, c + 3 * row + BYTES & ANY, ORDER);
  }

  private static void twelve(
      long x, long quad, long w, long next, long step, int n, long c, long row) {
    long x0 = x & ANY;
    long x1 = x + quad & ANY;
    long x2 = x + 2 * quad & ANY;
    long from = w & ANY;
    long second = w + next & ANY;
    long stride = step & SMALL;
    FloatVector c0a = FloatVector.zero(F);
    FloatVector c0b = c0a;
    FloatVector c1a = c0a;
    FloatVector c1b = c0a;
    FloatVector c2a = c0a;
    FloatVector c2b = c0a;
    FloatVector c3a = c0a;
    FloatVector c3b = c0a;
    FloatVector c4a = c0a;
    FloatVector c4b = c0a;
    FloatVector c5a = c0a;
    FloatVector c5b = c0a;
    FloatVector c6a = c0a;
    FloatVector c6b = c0a;
    FloatVector c7a = c0a;
    FloatVector c7b = c0a;
    FloatVector c8a = c0a;
    FloatVector c8b = c0a;
    FloatVector c9a = c0a;
    FloatVector c9b = c0a;
    FloatVector c10a = c0a;
    FloatVector c10b = c0a;
    FloatVector c11a = c0a;
    FloatVector c11b = c0a;
    for (int k = 0; k < n; k++) {
      FloatVector a = fromMemorySegment(F, ALL, from + stride * k, ORDER);
      FloatVector b = fromMemorySegment(F, ALL, second + stride * k, ORDER);
      FloatVector s;
      s = broadcast(F, ALL.get(F32, x0 + 16L * k));
      c0a = s.fma(a, c0a);
      c0b = s.fma(b, c0b);
      s = broadcast(F, ALL.get(F32, x0 + 16L * k + 4));
      c1a = s.fma(a, c1a);
      c1b = s.fma(b, c1b);
      s = broadcast(F, ALL.get(F32, x0 + 16L * k + 8));
      c2a = s.fma(a, c2a);
      c2b = s.fma(b, c2b);
      s = broadcast(F, ALL.get(F32, x0 + 16L * k + 12));
      c3a = s.fma(a, c3a);
      c3b = s.fma(b, c3b);
      s = broadcast(F, ALL.get(F32, x1 + 16L * k));
      c4a = s.fma(a, c4a);
      c4b = s.fma(b, c4b);
      s = broadcast(F, ALL.get(F32, x1 + 16L * k + 4));
      c5a = s.fma(a, c5a);
      c5b = s.fma(b, c5b);
      s = broadcast(F, ALL.get(F32, x1 + 16L * k + 8));
      c6a = s.fma(a, c6a);
      c6b = s.fma(b, c6b);
      s = broadcast(F, ALL.get(F32, x1 + 16L * k + 12));
      c7a = s.fma(a, c7a);
      c7b = s.fma(b, c7b);
      s = broadcast(F, ALL.get(F32, x2 + 16L * k));
      c8a = s.fma(a, c8a);
      c8b = s.fma(b, c8b);
      s = broadcast(F, ALL.get(F32, x2 + 16L * k + 4));
      c9a = s.fma(a, c9a);
      c9b = s.fma(b, c9b);
      s = broadcast(F, ALL.get(F32, x2 + 16L * k + 8));
      c10a = s.fma(a, c10a);
      c10b = s.fma(b, c10b);
      s = broadcast(F, ALL.get(F32, x2 + 16L * k + 12));
      c11a = s.fma(a, c11a);
      c11b = s.fma(b, c11b);
    }
    c0a.intoMemorySegment(ALL, c & ANY, ORDER);
    c0b.intoMemorySegment(ALL, c + BYTES & ANY, ORDER);
    c1a.intoMemorySegment(ALL, c + row & ANY, ORDER);
    c1b.intoMemorySegment(ALL, c + row + BYTES & ANY, ORDER);
    c2a.intoMemorySegment(ALL, c + 2 * row & ANY, ORDER);
    c2b.intoMemorySegment(ALL, c + 2 * row + BYTES & ANY, ORDER);
    c3a.intoMemorySegment(ALL, c + 3 * row & ANY, ORDER);
    c3b.intoMemorySegment(ALL, c + 3 * row + BYTES & ANY, ORDER);
    c4a.intoMemorySegment(ALL, c + 4 * row & ANY, ORDER);
    c4b.intoMemorySegment(ALL, c + 4 * row + BYTES & ANY, ORDER);
    c5a.intoMemorySegment(ALL, c + 5 * row & ANY, ORDER);
    c5b.intoMemorySegment(ALL, c + 5 * row + BYTES & ANY, ORDER);
    c6a.intoMemorySegment(ALL, c + 6 * row & ANY, ORDER);
    c6b.intoMemorySegment(ALL, c + 6 * row + BYTES & ANY, ORDER);
    c7a.intoMemorySegment(ALL, c + 7 * row & ANY, ORDER);
    c7b.intoMemorySegment(ALL, c + 7 * row + BYTES & ANY, ORDER);
    c8a.intoMemorySegment(ALL, c + 8 * row & ANY, ORDER);
    c8b.intoMemorySegment(ALL, c + 8 * row + BYTES & ANY, ORDER);
    c9a.intoMemorySegment(ALL, c + 9 * row & ANY, ORDER);
    c9b.intoMemorySegment(ALL, c + 9 * row + BYTES & ANY, ORDER);
    c10a.intoMemorySegment(ALL, c + 10 * row & ANY, ORDER);
    c10b.intoMemorySegment(ALL, c + 10 * row + BYTES & ANY, ORDER);
    c11a.intoMemorySegment(ALL, c + 11 * row & ANY, ORDER);
    c11b.intoMemorySegment(ALL, c + 11 * row + BYTES & ANY, ORDER);
  }
}
