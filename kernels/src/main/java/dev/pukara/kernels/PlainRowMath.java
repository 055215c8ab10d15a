package dev.pukara.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Loops over heap arrays, which C2 vectorises (it does not vectorise loops over native memory, and
 * copying a row costs a tenth of working on it element by element). Where the bits of a float are
 * needed, they are copied into ints: {@link Float#floatToRawIntBits} would keep the loop scalar.
 */
final class PlainRowMath implements RowMath {
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final double LN_2 = Math.log(2);

  /** Independent sums, so that an addition need not wait for the one before it. */
  private static final int SUMS = 64;

  /** Buffers of one thread. */
  private static final class Buffers {
    final float[] sums = new float[SUMS];
    float[] a = new float[0];
    float[] b = new float[0];
    int[] bits = new int[0];
    short[] shorts = new short[0];
    byte[] bytes = new byte[0];

    void grow(int n) {
      if (a.length < n) {
        a = new float[n];
        b = new float[n];
        bits = new int[n];
        shorts = new short[n];
        bytes = new byte[n];
      }
    }
  }

  private final ThreadLocal<Buffers> buffers = ThreadLocal.withInitial(Buffers::new);

  private Buffers buffers(int n) {
    Buffers mine = buffers.get();
    mine.grow(n);
    return mine;
  }

  private static void load(long from, int n, float[] to) {
    MemorySegment.copy(ALL, F32, from, to, 0, n);
  }

  private static void store(float[] from, int n, long to) {
    MemorySegment.copy(from, 0, ALL, F32, to, n);
  }

  @Override
  public float squares(long x, int n) {
    Buffers buffer = buffers(n);
    load(x, n, buffer.a);
    return squares(buffer.a, n, buffer.sums);
  }

  private static float squares(float[] x, int n, float[] sums) {
    java.util.Arrays.fill(sums, 0);
    int whole = n - n % SUMS;
    for (int j = 0; j < whole; j += SUMS) {
      for (int k = 0; k < SUMS; k++) {
        sums[k] += x[j + k] * x[j + k];
      }
    }
    float sum = 0;
    for (float part : sums) {
      sum += part;
    }
    for (int j = whole; j < n; j++) {
      sum += x[j] * x[j];
    }
    return sum;
  }

  @Override
  public float maxAbs(long x, int n) {
    Buffers buffer = buffers(n);
    load(x, n, buffer.a);
    return maxAbs(buffer.a, n);
  }

  private static float maxAbs(float[] x, int n) {
    float max = 0;
    for (int j = 0; j < n; j++) {
      max = Math.max(max, Math.abs(x[j]));
    }
    return max;
  }

  @Override
  public void scale(long x, float factor, long gain, int n, long out) {
    Buffers buffer = buffers(n);
    load(x, n, buffer.a);
    load(gain, n, buffer.b);
    multiply(buffer.a, factor, buffer.b, n);
    store(buffer.a, n, out);
  }

  private static void multiply(float[] x, float factor, float[] gain, int n) {
    for (int j = 0; j < n; j++) {
      x[j] = x[j] * factor * gain[j];
    }
  }

  @Override
  public void swiglu(long gate, long up, int n, long out) {
    Buffers buffer = buffers(n);
    load(gate, n, buffer.a);
    load(up, n, buffer.b);
    swiglu(buffer.a, buffer.b, n);
    store(buffer.b, n, out);
  }

  private static void swiglu(float[] gate, float[] up, int n) {
    for (int j = 0; j < n; j++) {
      up[j] = up[j] * gate[j] / (1 + (float) Math.exp(-gate[j]));
    }
  }

  @Override
  public void scale(long x, float factor, int n, long out, boolean add) {
    Buffers buffer = buffers(n);
    load(x, n, buffer.a);
    if (add) {
      load(out, n, buffer.b);
      multiplyAdd(buffer.a, factor, n, buffer.b);
      store(buffer.b, n, out);
    } else {
      multiply(buffer.a, factor, n);
      store(buffer.a, n, out);
    }
  }

  private static void multiplyAdd(float[] x, float factor, int n, float[] sum) {
    for (int j = 0; j < n; j++) {
      sum[j] += x[j] * factor;
    }
  }

  private static void multiply(float[] x, float factor, int n) {
    for (int j = 0; j < n; j++) {
      x[j] *= factor;
    }
  }

  @Override
  public float max(long x, int n) {
    Buffers buffer = buffers(n);
    load(x, n, buffer.a);
    return max(buffer.a, n);
  }

  private static float max(float[] x, int n) {
    float max = Float.NEGATIVE_INFINITY;
    for (int j = 0; j < n; j++) {
      max = Math.max(max, x[j]);
    }
    return max;
  }

  @Override
  public float powers(long x, int n, int room, float scale, int exponent, boolean bf16, long out) {
    Buffers buffer = buffers(room);
    load(x, n, buffer.a);
    powers(buffer.a, n, scale, exponent);
    java.util.Arrays.fill(buffer.a, n, room, 0);
    if (!bf16) {
      store(buffer.a, room, out);
      return sum(buffer.a, n, buffer.sums);
    }
    MemorySegment floats = MemorySegment.ofArray(buffer.a);
    MemorySegment.copy(floats, I32, 0, buffer.bits, 0, room);
    toBf16(buffer.bits, room, buffer.shorts);
    MemorySegment.copy(buffer.shorts, 0, ALL, I16, out, room);
    cutOff(buffer.bits, n);
    MemorySegment.copy(buffer.bits, 0, floats, I32, 0, n);
    return sum(buffer.a, n, buffer.sums);
  }

  private static void powers(float[] x, int n, float scale, int exponent) {
    for (int j = 0; j < n; j++) {
      float y = Math.fma(x[j], scale, -exponent);
      x[j] = y < -126 ? 0 : (float) Math.exp(y * LN_2);
    }
  }

  /** Leaves of each float what bf16 keeps. */
  private static void cutOff(int[] bits, int n) {
    for (int j = 0; j < n; j++) {
      bits[j] = bits[j] + 0x7fff + (bits[j] >>> 16 & 1) & 0xffff0000;
    }
  }

  private static float sum(float[] x, int n, float[] sums) {
    java.util.Arrays.fill(sums, 0);
    int whole = n - n % SUMS;
    for (int j = 0; j < whole; j += SUMS) {
      for (int k = 0; k < SUMS; k++) {
        sums[k] += x[j + k];
      }
    }
    float sum = 0;
    for (float part : sums) {
      sum += part;
    }
    for (int j = whole; j < n; j++) {
      sum += x[j];
    }
    return sum;
  }

  @Override
  public void rotate(long x, int half, long cos, long sin) {
    Buffers buffer = buffers(2 * half);
    load(x, 2 * half, buffer.a);
    MemorySegment.copy(ALL, F32, cos, buffer.b, 0, half);
    MemorySegment.copy(ALL, F32, sin, buffer.b, half, half);
    rotate(buffer.a, half, buffer.b);
    store(buffer.a, 2 * half, x);
  }

  private static void rotate(float[] x, int half, float[] cosSin) {
    for (int j = 0; j < half; j++) {
      float a = x[j];
      float b = x[j + half];
      x[j] = a * cosSin[j] - b * cosSin[j + half];
      x[j + half] = b * cosSin[j] + a * cosSin[j + half];
    }
  }

  @Override
  public void toU8(long x, float inverse, int n, long out) {
    Buffers buffer = buffers(n);
    load(x, n, buffer.a);
    toU8(buffer.a, inverse, n, buffer.bytes);
    MemorySegment.copy(buffer.bytes, 0, ALL, ValueLayout.JAVA_BYTE, out, n);
  }

  private static void toU8(float[] x, float inverse, int n, byte[] out) {
    for (int j = 0; j < n; j++) {
      out[j] = (byte) (int) (x[j] * inverse + 128.5f);
    }
  }

  @Override
  public void toBf16(long x, int n, long out) {
    Buffers buffer = buffers(n);
    MemorySegment.copy(ALL, I32, x, buffer.bits, 0, n);
    toBf16(buffer.bits, n, buffer.shorts);
    MemorySegment.copy(buffer.shorts, 0, ALL, I16, out, n);
  }

  private static void toBf16(int[] bits, int n, short[] out) {
    for (int j = 0; j < n; j++) {
      int b = bits[j];
      // A NaN may not be rounded up to the sign bit: its mantissa is kept short instead.
      int rounded = b + 0x7fff + (b >>> 16 & 1);
      out[j] = (short) ((b & 0x7fffffff) > 0x7f800000 ? b >>> 16 | 0x40 : rounded >>> 16);
    }
  }
}
