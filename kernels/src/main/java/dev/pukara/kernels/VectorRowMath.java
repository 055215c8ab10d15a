package dev.pukara.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link RowMath} on the Vector API: full-width code, and scalar code for the last few values.
 *
 * <p>The loops call the Vector API directly and pass no vectors to methods of our own. C2 always
 * inlines the API, but our methods only while the method it compiles is small, and an operation of
 * the API takes some 400 of the 18,000 nodes it then allows: with helpers, vectors became objects
 * on the heap as soon as a loop was inlined into a larger method.
 */
final class VectorRowMath implements RowMath {
  /** Makes an address a number that is known not to be negative. */
  private static final long MASK = Long.MAX_VALUE;

  /** Adding it to a float leaves the float, rounded, in the low bits (exact up to 2^22). */
  private static final float ROUNDER = 0x1.8p23f;

  @Override
  public float squares(long x, int n) {
    return Rows.squares(x, n);
  }

  private static float maxAbs(long x, int n) {
    // Without the sign, floats are ordered as ints are, and a NaN is above all others.
    IntVector max0 = IntVector.zero(Lanes.I);
    IntVector max1 = max0;
    int j = 0;
    for (; j + 2 * Lanes.COUNT <= n; j += 2 * Lanes.COUNT) {
      long at = x + 4L * j & MASK;
      IntVector x0 = IntVector.fromMemorySegment(Lanes.I, Lanes.ALL, at, Lanes.ORDER);
      IntVector x1 = IntVector.fromMemorySegment(Lanes.I, Lanes.ALL, at + Lanes.BYTES, Lanes.ORDER);
      max0 = max0.max(x0.and(Integer.MAX_VALUE));
      max1 = max1.max(x1.and(Integer.MAX_VALUE));
    }
    int max = max0.max(max1).reduceLanes(VectorOperators.MAX);
    for (; j < n; j++) {
      max = Math.max(max, Lanes.getInt(x + 4L * j) & Integer.MAX_VALUE);
    }
    return Float.intBitsToFloat(max);
  }

  @Override
  public void scale(long x, float factor, long gain, int n, long out) {
    Rows.scale(x, factor, gain, n, out);
  }

  @Override
  public void swiglu(long gate, long up, int n, long out) {
    Rows.swiglu(gate, up, n, out);
  }

  @Override
  public void scale(long x, float factor, int n, long out, boolean add) {
    if (add) {
      addScaled(x, factor, n, out);
    } else {
      scale(x, factor, n, out);
    }
  }

  private static void scale(long x, float factor, int n, long out) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector.fromMemorySegment(Lanes.F, Lanes.ALL, x + 4L * j & MASK, Lanes.ORDER)
          .mul(factor)
          .intoMemorySegment(Lanes.ALL, out + 4L * j & MASK, Lanes.ORDER);
    }
    for (; j < n; j++) {
      Lanes.putFloat(out + 4L * j, Lanes.getFloat(x + 4L * j) * factor);
    }
  }

  private static void addScaled(long x, float factor, int n, long out) {
    FloatVector factors = FloatVector.broadcast(Lanes.F, factor);
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector sum =
          FloatVector.fromMemorySegment(Lanes.F, Lanes.ALL, out + 4L * j & MASK, Lanes.ORDER);
      FloatVector.fromMemorySegment(Lanes.F, Lanes.ALL, x + 4L * j & MASK, Lanes.ORDER)
          .fma(factors, sum)
          .intoMemorySegment(Lanes.ALL, out + 4L * j & MASK, Lanes.ORDER);
    }
    for (; j < n; j++) {
      float sum = Math.fma(Lanes.getFloat(x + 4L * j), factor, Lanes.getFloat(out + 4L * j));
      Lanes.putFloat(out + 4L * j, sum);
    }
  }

  @Override
  public float max(long x, int n) {
    // Four chains, since a comparison and a blend take several cycles one after the other.
    FloatVector max0 = FloatVector.broadcast(Lanes.F, Float.NEGATIVE_INFINITY);
    FloatVector max1 = max0;
    FloatVector max2 = max0;
    FloatVector max3 = max0;
    int j = 0;
    for (; j + 4 * Lanes.COUNT <= n; j += 4 * Lanes.COUNT) {
      long at = x + 4L * j & MASK;
      FloatVector x0 = FloatVector.fromMemorySegment(Lanes.F, Lanes.ALL, at, Lanes.ORDER);
      FloatVector x1 =
          FloatVector.fromMemorySegment(Lanes.F, Lanes.ALL, at + Lanes.BYTES, Lanes.ORDER);
      FloatVector x2 =
          FloatVector.fromMemorySegment(Lanes.F, Lanes.ALL, at + 2 * Lanes.BYTES, Lanes.ORDER);
      FloatVector x3 =
          FloatVector.fromMemorySegment(Lanes.F, Lanes.ALL, at + 3 * Lanes.BYTES, Lanes.ORDER);
      // Two instructions where the exact semantics of Math.max for NaN and -0 take five.
      max0 = max0.blend(x0, x0.compare(VectorOperators.GT, max0));
      max1 = max1.blend(x1, x1.compare(VectorOperators.GT, max1));
      max2 = max2.blend(x2, x2.compare(VectorOperators.GT, max2));
      max3 = max3.blend(x3, x3.compare(VectorOperators.GT, max3));
    }
    max0 = max0.blend(max2, max2.compare(VectorOperators.GT, max0));
    max1 = max1.blend(max3, max3.compare(VectorOperators.GT, max1));
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector x0 =
          FloatVector.fromMemorySegment(Lanes.F, Lanes.ALL, x + 4L * j & MASK, Lanes.ORDER);
      max0 = max0.blend(x0, x0.compare(VectorOperators.GT, max0));
    }
    max0 = max0.blend(max1, max1.compare(VectorOperators.GT, max0));
    // As ints that are ordered as the floats are: their reduction is several times quicker.
    IntVector bits = max0.reinterpretAsInts();
    IntVector order = bits.lanewise(VectorOperators.ASHR, 31).and(Integer.MAX_VALUE);
    int top = bits.lanewise(VectorOperators.XOR, order).reduceLanes(VectorOperators.MAX);
    float max = Float.intBitsToFloat(top ^ (top >> 31 & Integer.MAX_VALUE));
    for (; j < n; j++) {
      max = Math.max(max, Lanes.getFloat(x + 4L * j));
    }
    return max;
  }

  @Override
  public float powers(long x, int n, int room, float scale, int exponent, boolean bf16, long out) {
    int whole = (n + Lanes.COUNT - 1) / Lanes.COUNT * Lanes.COUNT;
    for (int j = n; j < whole; j++) {
      Lanes.putFloat(x + 4L * j, Float.NEGATIVE_INFINITY);
    }
    int bytes = bf16 ? 2 : 4;
    if (whole < room) {
      Lanes.zero(out + (long) bytes * whole, (long) bytes * (room - whole));
    }
    return bf16
        ? bf16Powers(x, whole, scale, exponent, out)
        : f32Powers(x, whole, scale, exponent, out);
  }

  /**
   * 2^y = 2^k 2^f, |f| <= 1/2; the polynomial of degree 3 for 2^f minimises the greatest relative
   * error (7.5e-5, a fiftieth of what rounding adds; iteratively reweighted least squares).
   */
  private static float bf16Powers(long x, int n, float scale, int exponent, long out) {
    FloatVector scales = FloatVector.broadcast(Lanes.F, scale);
    FloatVector shifts = FloatVector.broadcast(Lanes.F, -exponent);
    FloatVector rounder = FloatVector.broadcast(Lanes.F, ROUNDER);
    FloatVector p0 = FloatVector.broadcast(Lanes.F, 0x1.fff692p-1f);
    FloatVector p1 = FloatVector.broadcast(Lanes.F, 0x1.62f31ap-1f);
    FloatVector p2 = FloatVector.broadcast(Lanes.F, 0x1.f0de1ap-3f);
    FloatVector p3 = FloatVector.broadcast(Lanes.F, 0x1.c3f760p-5f);
    FloatVector least = FloatVector.broadcast(Lanes.F, -126);
    IntVector half = IntVector.broadcast(Lanes.I, 0x8000);
    IntVector high = IntVector.broadcast(Lanes.I, 0xffff0000);
    IntVector zero = IntVector.zero(Lanes.I);
    FloatVector sum = FloatVector.zero(Lanes.F);
    for (int j = 0; j < n; j += Lanes.COUNT) {
      FloatVector y =
          FloatVector.fromMemorySegment(Lanes.F, Lanes.ALL, x + 4L * j & MASK, Lanes.ORDER)
              .fma(scales, shifts);
      VectorMask<Integer> vanishing = y.compare(VectorOperators.LT, least).cast(Lanes.I);
      FloatVector rounded = y.add(rounder);
      FloatVector f = y.sub(rounded.sub(rounder));
      FloatVector p = f.fma(p3, p2).fma(f, p1).fma(f, p0);
      IntVector k = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      IntVector bits = p.reinterpretAsInts().add(k).add(half).and(high);
      bits = bits.blend(zero, vanishing);
      sum = sum.add(bits.reinterpretAsFloats());
      bits.lanewise(VectorOperators.LSHR, 16)
          .convertShape(VectorOperators.I2S, Lanes.SHORTS, 0)
          .intoMemorySegment(Lanes.ALL, out + 2L * j & MASK, Lanes.ORDER);
    }
    return Lanes.sum(sum);
  }

  /** The same with a polynomial of degree 6; greatest relative error 1e-7. */
  private static float f32Powers(long x, int n, float scale, int exponent, long out) {
    FloatVector scales = FloatVector.broadcast(Lanes.F, scale);
    FloatVector shifts = FloatVector.broadcast(Lanes.F, -exponent);
    FloatVector rounder = FloatVector.broadcast(Lanes.F, ROUNDER);
    FloatVector least = FloatVector.broadcast(Lanes.F, -126);
    FloatVector sum = FloatVector.zero(Lanes.F);
    for (int j = 0; j < n; j += Lanes.COUNT) {
      FloatVector y =
          FloatVector.fromMemorySegment(Lanes.F, Lanes.ALL, x + 4L * j & MASK, Lanes.ORDER)
              .fma(scales, shifts);
      VectorMask<Float> vanishing = y.compare(VectorOperators.LT, least);
      FloatVector rounded = y.add(rounder);
      FloatVector f = y.sub(rounded.sub(rounder));
      FloatVector p =
          f.mul(0x1.41d334p-13f)
              .add(0x1.5f456ap-10f)
              .mul(f)
              .add(0x1.3b2dbcp-7f)
              .mul(f)
              .add(0x1.c6aed4p-5f)
              .mul(f)
              .add(0x1.ebfbdap-3f)
              .mul(f)
              .add(0x1.62e430p-1f)
              .mul(f)
              .add(1);
      IntVector k = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
      FloatVector term = p.reinterpretAsInts().add(k).reinterpretAsFloats().blend(0, vanishing);
      sum = sum.add(term);
      term.intoMemorySegment(Lanes.ALL, out + 4L * j & MASK, Lanes.ORDER);
    }
    return Lanes.sum(sum);
  }

  @Override
  public void rotate(long x, int heads, int half, long cos, long sin) {
    for (int head = 0; head < heads; head++) {
      Rows.rotate(x + 8L * head * half, half, cos, sin);
    }
  }

  @Override
  public float toU8(long x, int n, long out) {
    float max = maxAbs(x, n);
    toU8(x, RowMath.inverse(max), n, out);
    return max;
  }

  private static void toU8(long x, float inverse, int n, long out) {
    FloatVector factors = FloatVector.broadcast(Lanes.F, inverse);
    FloatVector rounder = FloatVector.broadcast(Lanes.F, ROUNDER + 128);
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector rounded =
          FloatVector.fromMemorySegment(Lanes.F, Lanes.ALL, x + 4L * j & MASK, Lanes.ORDER)
              .fma(factors, rounder);
      Lanes.storeBytes(out + j, rounded.reinterpretAsInts());
    }
    for (; j < n; j++) {
      float rounded = Math.fma(Lanes.getFloat(x + 4L * j), inverse, ROUNDER + 128);
      Lanes.putByte(out + j, Float.floatToRawIntBits(rounded));
    }
  }

  @Override
  public void toBf16(long x, int n, long out) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      IntVector bits =
          IntVector.fromMemorySegment(Lanes.I, Lanes.ALL, x + 4L * j & MASK, Lanes.ORDER);
      IntVector high = bits.lanewise(VectorOperators.LSHR, 16);
      IntVector rounded = bits.add(high.and(1)).add(0x7fff).lanewise(VectorOperators.LSHR, 16);
      // A NaN may not be rounded up to the sign bit: its mantissa is kept short instead.
      VectorMask<Integer> nan = bits.and(Integer.MAX_VALUE).compare(VectorOperators.GT, 0x7f800000);
      rounded
          .blend(high.or(0x40), nan)
          .convertShape(VectorOperators.I2S, Lanes.SHORTS, 0)
          .intoMemorySegment(Lanes.ALL, out + 2L * j & MASK, Lanes.ORDER);
    }
    for (; j < n; j++) {
      Lanes.putShort(out + 2L * j, Blocks.floatToBf16(Lanes.getFloat(x + 4L * j)));
    }
  }
}
