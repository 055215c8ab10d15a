package dev.pukara.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Loops over heap arrays, which C2 vectorises by itself; it does not vectorise loops over native
 * memory, so that rows are copied in and out piece by piece, in the first cache.
 *
 * <p>What keeps C2 (JDK 25) from vectorising is avoided: {@link Float#floatToRawIntBits} (bits are
 * copied into ints instead, {@link #bits}), conditions (masks by arithmetic shift), {@link
 * Math#exp} (a polynomial), and sums and maxima of floats (eight sums side by side, maxima of
 * ordered ints).
 */
final class PlainRowMath implements RowMath {
  /** Values that are worked on at once; {@link #rotate} has at least one head in a piece. */
  private static final int PIECE = Heads.SIZE_MAX;

  /**
   * Rows of weights are at least as long as this, with garbage behind the end: C2 unrolls a loop
   * for the lengths that it has seen, and if many are short, the long ones take twice the time.
   */
  private static final int LEAST_WORK = 192;

  /** Adding it to a float leaves the float, rounded, in the low bits (exact up to 2^22). */
  private static final float ROUNDER = 0x1.8p23f;

  private static final int ROUNDER_BITS = 0x4b400000;
  private static final int FRACTION_BITS = 23;
  private static final int EXPONENT_ZERO = 127 << FRACTION_BITS;

  // exp(x) = 2^n exp(r): see Exponential, whose numbers these are.
  private static final float LOWEST = -86.5f;
  private static final float HIGHEST = 88.3f;
  private static final float LOG2_E = 1.44269504f;
  private static final float LN2_HIGH = 0.693359375f;
  private static final float LN2_LOW = -2.12194440e-4f;

  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;

  /** Buffers of one thread. */
  private static final class Buffers {
    final float[] a = new float[PIECE];
    final float[] b = new float[PIECE];
    final float[] c = new float[PIECE];
    final int[] i = new int[PIECE];
    final int[] k = new int[PIECE];
    final short[] shorts = new short[PIECE];
    final byte[] bytes = new byte[PIECE];
    final MemorySegment aMemory = MemorySegment.ofArray(a);
    final MemorySegment cMemory = MemorySegment.ofArray(c);
  }

  private final ThreadLocal<Buffers> buffers = ThreadLocal.withInitial(Buffers::new);

  private static void load(long from, int n, float[] to) {
    MemorySegment.copy(ALL, F32, from, to, 0, n);
  }

  private static void load(long from, int n, int[] to) {
    MemorySegment.copy(ALL, I32, from, to, 0, n);
  }

  private static void store(float[] from, int n, long to) {
    MemorySegment.copy(from, 0, ALL, F32, to, n);
  }

  private static void bits(MemorySegment floats, int n, int[] to) {
    MemorySegment.copy(floats, I32, 0, to, 0, n);
  }

  private static void floats(int[] bits, int n, MemorySegment to) {
    MemorySegment.copy(bits, 0, to, I32, 0, n);
  }

  @Override
  public float squares(long x, int n) {
    float[] a = buffers.get().a;
    float sum = 0;
    for (int at = 0; at < n; at += PIECE) {
      int count = Math.min(PIECE, n - at);
      load(x + 4L * at, count, a);
      multiply(a, a, count);
      sum += sum(a, count);
    }
    return sum;
  }

  private static void multiply(float[] x, float[] y, int n) {
    for (int j = 0; j < n; j++) {
      x[j] = x[j] * y[j];
    }
  }

  private static float sum(float[] x, int n) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    float s4 = 0;
    float s5 = 0;
    float s6 = 0;
    float s7 = 0;
    int j = 0;
    for (; j + 8 <= n; j += 8) {
      s0 += x[j];
      s1 += x[j + 1];
      s2 += x[j + 2];
      s3 += x[j + 3];
      s4 += x[j + 4];
      s5 += x[j + 5];
      s6 += x[j + 6];
      s7 += x[j + 7];
    }
    for (; j < n; j++) {
      s0 += x[j];
    }
    return (s0 + s1) + (s2 + s3) + ((s4 + s5) + (s6 + s7));
  }

  /** Without the sign, floats are ordered as ints are, and a NaN is above all others. */
  private static int maxAbs(int[] bits, int n) {
    int max = 0;
    for (int j = 0; j < n; j++) {
      max = Math.max(max, bits[j] & Integer.MAX_VALUE);
    }
    return max;
  }

  @Override
  public float max(long x, int n) {
    int[] i = buffers.get().i;
    int max = Integer.MIN_VALUE;
    for (int at = 0; at < n; at += PIECE) {
      int count = Math.min(PIECE, n - at);
      load(x + 4L * at, count, i);
      max = Math.max(max, max(i, count));
    }
    return n == 0 ? Float.NEGATIVE_INFINITY : Float.intBitsToFloat(ordered(max));
  }

  private static int max(int[] bits, int n) {
    int max = Integer.MIN_VALUE;
    for (int j = 0; j < n; j++) {
      max = Math.max(max, ordered(bits[j]));
    }
    return max;
  }

  /** Bits of a float as an int that is ordered as the floats are, and back. */
  private static int ordered(int bits) {
    return bits ^ bits >> 31 & Integer.MAX_VALUE;
  }

  @Override
  public void scale(long x, float factor, long gain, int n, long out) {
    Buffers buffer = buffers.get();
    for (int at = 0; at < n; at += PIECE) {
      int count = Math.min(PIECE, n - at);
      load(x + 4L * at, count, buffer.a);
      load(gain + 4L * at, count, buffer.b);
      scale(buffer.a, factor, buffer.b, count);
      store(buffer.a, count, out + 4L * at);
    }
  }

  private static void scale(float[] x, float factor, float[] gain, int n) {
    for (int j = 0; j < n; j++) {
      x[j] = x[j] * factor * gain[j];
    }
  }

  @Override
  public void swiglu(long gate, long up, int n, long out) {
    Buffers buffer = buffers.get();
    for (int at = 0; at < n; at += PIECE) {
      int count = Math.min(PIECE, n - at);
      load(gate + 4L * at, count, buffer.a);
      exp(buffer.a, count, buffer.b, buffer.c);
      bits(buffer.cMemory, count, buffer.i);
      exponents(buffer.i, count);
      floats(buffer.i, count, buffer.cMemory);
      silu(buffer.a, buffer.b, buffer.c, count);
      load(up + 4L * at, count, buffer.b);
      multiply(buffer.a, buffer.b, count);
      store(buffer.a, count, out + 4L * at);
    }
  }

  /** {@code exp(-x) = power * 2^k}, where {@code k} stands in the low bits of {@code exponent}. */
  private static void exp(float[] x, int n, float[] power, float[] exponent) {
    for (int j = 0; j < n; j++) {
      float within = Math.min(Math.max(-x[j], LOWEST), HIGHEST);
      float rounded = Math.fma(within, LOG2_E, ROUNDER);
      float k = rounded - ROUNDER;
      float r = Math.fma(k, -LN2_LOW, Math.fma(k, -LN2_HIGH, within));
      float p = Math.fma(r, 0x1.6a2434p-10f, 0x1.1239e2p-7f);
      p = Math.fma(p, r, 0x1.5558f2p-5f);
      p = Math.fma(p, r, 0x1.555492p-3f);
      p = Math.fma(p, r, 0x1.fffffcp-2f);
      power[j] = Math.fma(p, r * r, r) + 1;
      exponent[j] = rounded;
    }
  }

  /** Bits of {@code ROUNDER + k} become those of 2^k. */
  private static void exponents(int[] bits, int n) {
    for (int j = 0; j < n; j++) {
      bits[j] = (bits[j] << FRACTION_BITS) + EXPONENT_ZERO;
    }
  }

  private static void silu(float[] x, float[] power, float[] exponent, int n) {
    for (int j = 0; j < n; j++) {
      x[j] = x[j] / Math.fma(power[j], exponent[j], 1);
    }
  }

  @Override
  public void scale(long x, float factor, int n, long out, boolean add) {
    Buffers buffer = buffers.get();
    if (n < LEAST_WORK && !add) {
      load(x, n, buffer.a);
      multiplyFew(buffer.a, factor, n);
      store(buffer.a, n, out);
      return;
    }
    for (int at = 0; at < n; at += PIECE) {
      int count = Math.min(PIECE, n - at);
      load(x + 4L * at, count, buffer.a);
      if (add) {
        load(out + 4L * at, count, buffer.b);
        multiplyAdd(buffer.a, factor, count, buffer.b);
        store(buffer.b, count, out + 4L * at);
      } else {
        multiply(buffer.a, factor, count);
        store(buffer.a, count, out + 4L * at);
      }
    }
  }

  private static void multiplyAdd(float[] x, float factor, int n, float[] sum) {
    for (int j = 0; j < n; j++) {
      sum[j] = Math.fma(x[j], factor, sum[j]);
    }
  }

  /** A loop of its own for short rows: see {@link #LEAST_WORK}. */
  private static void multiplyFew(float[] x, float factor, int n) {
    for (int j = 0; j < n; j++) {
      x[j] = factor * x[j];
    }
  }

  private static void multiply(float[] x, float factor, int n) {
    for (int j = 0; j < n; j++) {
      x[j] *= factor;
    }
  }

  @Override
  public float powers(long x, int n, int room, float scale, int exponent, boolean bf16, long out) {
    Buffers buffer = buffers.get();
    float sum = 0;
    for (int at = 0; at < n; at += PIECE) {
      int count = Math.min(PIECE, n - at);
      int worked = Math.max(count, LEAST_WORK);
      load(x + 4L * at, count, buffer.a);
      if (bf16) {
        bf16Powers(buffer.a, worked, scale, -exponent);
        narrow(buffer.a, worked, buffer.shorts);
        MemorySegment.copy(buffer.shorts, 0, ALL, I16, out + 2L * at, count);
        widen(buffer.a, worked, buffer.i);
      } else {
        powers(buffer.a, worked, scale, -exponent, buffer.c);
        bits(buffer.aMemory, worked, buffer.i);
        bits(buffer.cMemory, worked, buffer.k);
        terms(buffer.i, buffer.k, worked);
        MemorySegment.copy(buffer.i, 0, ALL, I32, out + 4L * at, count);
      }
      floats(buffer.i, count, buffer.aMemory);
      sum += sum(buffer.a, count);
    }
    if (n < room) {
      int bytes = bf16 ? Short.BYTES : Float.BYTES;
      ALL.asSlice(out + (long) bytes * n, (long) bytes * (room - n)).fill((byte) 0);
    }
    return sum;
  }

  /**
   * The 16 bits of 2^y, as a number: 2^y = 2^k p with 1 <= p < 2, and bf16 has seven bits of p
   * behind the exponent k + 127. The polynomial of degree 3 for p = sqrt(2) 2^f, |f| <= 1/2, has a
   * relative error of 7.5e-5 (see VectorRowMath).
   */
  private static void bf16Powers(float[] x, int n, float scale, float shift) {
    for (int j = 0; j < n; j++) {
      float y = Math.max(Math.fma(x[j], scale, shift), -127f) - 0.5f;
      float k = (y + ROUNDER) - ROUNDER;
      float f = y - k;
      float p = Math.fma(f, 0x1.3f96a4p-4f, 0x1.5f56a4p-2f);
      p = Math.fma(Math.fma(p, f, 0x1.f5f97cp-1f), f, 0x1.6a033cp0f);
      x[j] = Math.fma(k + 126 + p, 128, 0.5f);
    }
  }

  private static void narrow(float[] codes, int n, short[] out) {
    for (int j = 0; j < n; j++) {
      out[j] = (short) codes[j];
    }
  }

  private static void widen(float[] codes, int n, int[] bits) {
    for (int j = 0; j < n; j++) {
      bits[j] = (int) codes[j] << 16;
    }
  }

  /** {@code 2^y = x * 2^k}, where {@code k} stands in the low bits of {@code exponent}. */
  private static void powers(float[] x, int n, float scale, float shift, float[] exponent) {
    for (int j = 0; j < n; j++) {
      float y = Math.max(Math.fma(x[j], scale, shift), -127f);
      float rounded = y + ROUNDER;
      float f = y - (rounded - ROUNDER);
      float p = Math.fma(f, 0x1.41d334p-13f, 0x1.5f456ap-10f);
      p = Math.fma(p, f, 0x1.3b2dbcp-7f);
      p = Math.fma(p, f, 0x1.c6aed4p-5f);
      p = Math.fma(p, f, 0x1.ebfbdap-3f);
      p = Math.fma(p, f, 0x1.62e430p-1f);
      x[j] = Math.fma(p, f, 1);
      exponent[j] = rounded;
    }
  }

  private static void terms(int[] powers, int[] exponents, int n) {
    for (int j = 0; j < n; j++) {
      int alive = ROUNDER_BITS - 127 - exponents[j] >> 31;
      powers[j] = powers[j] + (exponents[j] << FRACTION_BITS) & alive;
    }
  }

  private static void narrow(int[] bits, int n, short[] out) {
    for (int j = 0; j < n; j++) {
      out[j] = (short) (float) (bits[j] >> 16);
    }
  }

  @Override
  public void rotate(long x, int heads, int half, long cos, long sin) {
    Buffers buffer = buffers.get();
    load(cos, half, buffer.b);
    load(sin, half, buffer.c);
    int most = PIECE / (2 * half);
    for (int first = 0; first < heads; first += most) {
      int count = Math.min(most, heads - first);
      long at = x + 8L * first * half;
      load(at, 2 * half * count, buffer.a);
      for (int head = 0; head < count; head++) {
        rotate(buffer.a, 2 * half * head, half, buffer.b, buffer.c);
      }
      store(buffer.a, 2 * half * count, at);
    }
  }

  private static void rotate(float[] x, int from, int half, float[] cos, float[] sin) {
    int to = from + half;
    for (int j = 0; j < half; j++) {
      float a = x[from + j];
      float b = x[to + j];
      x[from + j] = a * cos[j] - b * sin[j];
      x[to + j] = b * cos[j] + a * sin[j];
    }
  }

  @Override
  public float toU8(long x, int n, long out) {
    Buffers buffer = buffers.get();
    int max = 0;
    for (int at = 0; at < n; at += PIECE) {
      int count = Math.min(PIECE, n - at);
      load(x + 4L * at, count, buffer.i);
      max = Math.max(max, maxAbs(buffer.i, count));
    }
    float greatest = Float.intBitsToFloat(max);
    for (int at = 0; at < n; at += PIECE) {
      int count = Math.min(PIECE, n - at);
      load(x + 4L * at, count, buffer.a);
      toU8(buffer.a, RowMath.inverse(greatest), count, buffer.bytes);
      MemorySegment.copy(buffer.bytes, 0, ALL, ValueLayout.JAVA_BYTE, out + at, count);
    }
    return greatest;
  }

  private static void toU8(float[] x, float inverse, int n, byte[] out) {
    for (int j = 0; j < n; j++) {
      out[j] = (byte) (int) (x[j] * inverse + 128.5f);
    }
  }

  @Override
  public void toBf16(long x, int n, long out) {
    Buffers buffer = buffers.get();
    for (int at = 0; at < n; at += PIECE) {
      int count = Math.min(PIECE, n - at);
      load(x + 4L * at, count, buffer.i);
      toBf16(buffer.i, count);
      narrow(buffer.i, count, buffer.shorts);
      MemorySegment.copy(buffer.shorts, 0, ALL, I16, out + 2L * at, count);
    }
  }

  /** A NaN may not be rounded up to the sign bit: its mantissa is kept short instead. */
  private static void toBf16(int[] bits, int n) {
    for (int j = 0; j < n; j++) {
      int b = bits[j];
      int nan = 0x7f800000 - (b & Integer.MAX_VALUE) >> 31;
      bits[j] = (b | 0x400000 & nan) + (0x7fff + (b >>> 16 & 1) & ~nan);
    }
  }
}
