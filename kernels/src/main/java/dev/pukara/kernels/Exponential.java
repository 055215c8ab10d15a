package dev.pukara.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@code exp} of a vector, relative error below 2e-7 on [-86.5, 88.3]; arguments outside are moved
 * to the nearest end, so that neither an infinity nor a subnormal comes out.
 *
 * <p>{@code exp(x) = 2^n * exp(r)}, {@code n = round(x / ln 2)}, {@code |r| <= ln 2 / 2}, {@code
 * exp(r) = 1 + r + r^2 * P(r)}. P is a fit of degree 4 that minimises the greatest relative error
 * of exp (3.8e-9 with the rounded coefficients), made for this class by iteratively reweighted
 * least squares.
 */
final class Exponential {
  private static final float LOWEST = -86.5f;
  private static final float HIGHEST = 88.3f;
  private static final float LOG2_E = 1.44269504f;
  // ln 2 in two parts: n times the first is exact.
  private static final float LN2_HIGH = 0.693359375f;
  private static final float LN2_LOW = -2.12194440e-4f;
  // Adding it leaves round(x) in the low bits of the sum.
  private static final float ROUNDER = 0x1.8p23f;
  private static final float P0 = 0x1.fffffcp-2f;
  private static final float P1 = 0x1.555492p-3f;
  private static final float P2 = 0x1.5558f2p-5f;
  private static final float P3 = 0x1.1239e2p-7f;
  private static final float P4 = 0x1.6a2434p-10f;

  private Exponential() {}

  static FloatVector exp(FloatVector x) {
    // Compare and blend: two instructions each, where min and max take five to order NaN and -0.
    FloatVector lowest = splat(LOWEST);
    FloatVector highest = splat(HIGHEST);
    FloatVector within = x.blend(lowest, x.compare(VectorOperators.LT, lowest));
    within = within.blend(highest, within.compare(VectorOperators.GT, highest));
    FloatVector rounded = within.fma(splat(LOG2_E), splat(ROUNDER));
    FloatVector n = rounded.sub(ROUNDER);
    FloatVector r = n.fma(splat(-LN2_HIGH), within);
    r = n.fma(splat(-LN2_LOW), r);
    FloatVector p = r.fma(splat(P4), splat(P3));
    p = p.fma(r, splat(P2));
    p = p.fma(r, splat(P1));
    p = p.fma(r, splat(P0));
    p = p.fma(r.mul(r), r).add(1);
    IntVector exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    return p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
  }

  private static FloatVector splat(float value) {
    return FloatVector.broadcast(Lanes.F, value);
  }
}
