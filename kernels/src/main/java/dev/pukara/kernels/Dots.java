package dev.pukara.kernels;

import static dev.pukara.kernels.Lanes.ALL;
import static dev.pukara.kernels.Lanes.ANY;
import static dev.pukara.kernels.Lanes.COUNT;
import static dev.pukara.kernels.Lanes.F;
import static dev.pukara.kernels.Lanes.ORDER;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;
import static jdk.incubator.vector.VectorOperators.ADD;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Inner products of one row of activations with rows of weights, for products of few rows. */
final class Dots {
  /** Rows of weights at a time. */
  static final int WIDTH = 4;

  private Dots() {}

  /** Writes the products of {@code n} values at {@code x} with four rows to {@code out[0..4)}. */
  static void four(long x, long w0, long w1, long w2, long w3, int n, float[] out) {
    long x0 = x & ANY;
    long a = w0 & ANY;
    long b = w1 & ANY;
    long c = w2 & ANY;
    long d = w3 & ANY;
    FloatVector sumA = FloatVector.zero(F);
    FloatVector sumB = FloatVector.zero(F);
    FloatVector sumC = FloatVector.zero(F);
    FloatVector sumD = FloatVector.zero(F);
    int whole = n - n % COUNT;
    for (int k = 0; k < whole; k += COUNT) {
      FloatVector v = fromMemorySegment(F, ALL, x0 + 4L * k, ORDER);
      sumA = v.fma(fromMemorySegment(F, ALL, a + 4L * k, ORDER), sumA);
      sumB = v.fma(fromMemorySegment(F, ALL, b + 4L * k, ORDER), sumB);
      sumC = v.fma(fromMemorySegment(F, ALL, c + 4L * k, ORDER), sumC);
      sumD = v.fma(fromMemorySegment(F, ALL, d + 4L * k, ORDER), sumD);
    }
    if (whole < n) {
      VectorMask<Float> rest = F.indexInRange(whole, n);
      long k = 4L * whole;
      FloatVector v = fromMemorySegment(F, ALL, x0 + k, ORDER, rest);
      sumA = v.fma(fromMemorySegment(F, ALL, a + k, ORDER, rest), sumA);
      sumB = v.fma(fromMemorySegment(F, ALL, b + k, ORDER, rest), sumB);
      sumC = v.fma(fromMemorySegment(F, ALL, c + k, ORDER, rest), sumC);
      sumD = v.fma(fromMemorySegment(F, ALL, d + k, ORDER, rest), sumD);
    }
    out[0] = sumA.reduceLanes(ADD);
    out[1] = sumB.reduceLanes(ADD);
    out[2] = sumC.reduceLanes(ADD);
    out[3] = sumD.reduceLanes(ADD);
  }
}
