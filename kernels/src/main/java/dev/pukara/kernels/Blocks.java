package dev.pukara.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Codecs of the plain formats and of ggml's blocks of 32 values, one method per format.
 *
 * <p>Layouts (little-endian; {@code nibbles[j]} holds value {@code j} in its low half and value
 * {@code j + 16} in its high half; bit {@code j} of {@code high} is the fifth bit of value {@code
 * j}):
 *
 * <pre>
 * Q4_0  [f16] scale                      [16 bytes] nibbles   value = scale * (q - 8)
 * Q4_1  [f16] scale [f16] min            [16 bytes] nibbles   value = scale * q + min
 * Q5_0  [f16] scale           [u32] high [16 bytes] nibbles   value = scale * (q - 16)
 * Q5_1  [f16] scale [f16] min [u32] high [16 bytes] nibbles   value = scale * q + min
 * Q8_0  [f16] scale [32 x s8] q                               value = scale * q
 * </pre>
 *
 * <p>Writing rounds as ggml's reference quantisers do, so that a file made here equals one made
 * there. Source: the block structures of ggml-common.h.
 */
final class Blocks {
  static final ValueLayout.OfByte I8 = ValueLayout.JAVA_BYTE;
  static final ValueLayout.OfShort I16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt I32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Blocks() {}

  static float f16(MemorySegment in, long at) {
    return Float.float16ToFloat(in.get(I16, at));
  }

  static float bf16ToFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Rounds to nearest, ties to even; a NaN stays a (quiet) NaN. */
  static short floatToBf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }

  static void decodeF16(MemorySegment in, long at, int count, MemorySegment out, long to) {
    for (int i = 0; i < count; i++) {
      out.set(Tensor.F32, to + 4L * i, f16(in, at + 2L * i));
    }
  }

  static void decodeBf16(MemorySegment in, long at, int count, MemorySegment out, long to) {
    for (int i = 0; i < count; i++) {
      out.set(Tensor.F32, to + 4L * i, bf16ToFloat(in.get(I16, at + 2L * i)));
    }
  }

  static void decodeQ40(MemorySegment in, long at, MemorySegment out, long to) {
    float scale = f16(in, at);
    for (int j = 0; j < 16; j++) {
      int pair = in.get(I8, at + 2 + j);
      out.set(Tensor.F32, to + 4L * j, scale * ((pair & 15) - 8));
      out.set(Tensor.F32, to + 4L * (j + 16), scale * ((pair >> 4 & 15) - 8));
    }
  }

  static void decodeQ41(MemorySegment in, long at, MemorySegment out, long to) {
    float scale = f16(in, at);
    float min = f16(in, at + 2);
    for (int j = 0; j < 16; j++) {
      int pair = in.get(I8, at + 4 + j);
      out.set(Tensor.F32, to + 4L * j, scale * (pair & 15) + min);
      out.set(Tensor.F32, to + 4L * (j + 16), scale * (pair >> 4 & 15) + min);
    }
  }

  static void decodeQ50(MemorySegment in, long at, MemorySegment out, long to) {
    float scale = f16(in, at);
    int high = in.get(I32, at + 2);
    for (int j = 0; j < 16; j++) {
      int pair = in.get(I8, at + 6 + j);
      int first = pair & 15 | (high >>> j & 1) << 4;
      int second = pair >> 4 & 15 | (high >>> j + 16 & 1) << 4;
      out.set(Tensor.F32, to + 4L * j, scale * (first - 16));
      out.set(Tensor.F32, to + 4L * (j + 16), scale * (second - 16));
    }
  }

  static void decodeQ51(MemorySegment in, long at, MemorySegment out, long to) {
    float scale = f16(in, at);
    float min = f16(in, at + 2);
    int high = in.get(I32, at + 4);
    for (int j = 0; j < 16; j++) {
      int pair = in.get(I8, at + 8 + j);
      int first = pair & 15 | (high >>> j & 1) << 4;
      int second = pair >> 4 & 15 | (high >>> j + 16 & 1) << 4;
      out.set(Tensor.F32, to + 4L * j, scale * first + min);
      out.set(Tensor.F32, to + 4L * (j + 16), scale * second + min);
    }
  }

  static void decodeQ80(MemorySegment in, long at, MemorySegment out, long to) {
    float scale = f16(in, at);
    for (int j = 0; j < 32; j++) {
      out.set(Tensor.F32, to + 4L * j, scale * in.get(I8, at + 2 + j));
    }
  }

  static void encodeF16(MemorySegment in, long at, int count, MemorySegment out) {
    for (int i = 0; i < count; i++) {
      out.set(I16, 2L * i, Float.floatToFloat16(in.get(Tensor.F32, at + 4L * i)));
    }
  }

  static void encodeBf16(MemorySegment in, long at, int count, MemorySegment out) {
    for (int i = 0; i < count; i++) {
      out.set(I16, 2L * i, floatToBf16(in.get(Tensor.F32, at + 4L * i)));
    }
  }

  static void encodeQ40(float[] values, MemorySegment out, long to) {
    float scale = farthest(values) / -8;
    float inverse = inverse(scale);
    out.set(I16, to, Float.floatToFloat16(scale));
    for (int j = 0; j < 16; j++) {
      int first = Math.min(15, (int) (values[j] * inverse + 8.5f));
      int second = Math.min(15, (int) (values[j + 16] * inverse + 8.5f));
      out.set(I8, to + 2 + j, (byte) (first | second << 4));
    }
  }

  static void encodeQ41(float[] values, MemorySegment out, long to) {
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    float scale = (max - min) / 15;
    float inverse = inverse(scale);
    out.set(I16, to, Float.floatToFloat16(scale));
    out.set(I16, to + 2, Float.floatToFloat16(min));
    for (int j = 0; j < 16; j++) {
      int first = Math.min(15, (int) ((values[j] - min) * inverse + 0.5f));
      int second = Math.min(15, (int) ((values[j + 16] - min) * inverse + 0.5f));
      out.set(I8, to + 4 + j, (byte) (first | second << 4));
    }
  }

  static void encodeQ50(float[] values, MemorySegment out, long to) {
    float scale = farthest(values) / -16;
    float inverse = inverse(scale);
    out.set(I16, to, Float.floatToFloat16(scale));
    int high = 0;
    for (int j = 0; j < 16; j++) {
      int first = Math.min(31, (int) (values[j] * inverse + 16.5f));
      int second = Math.min(31, (int) (values[j + 16] * inverse + 16.5f));
      out.set(I8, to + 6 + j, (byte) (first & 15 | (second & 15) << 4));
      high |= first >> 4 << j | second >> 4 << j + 16;
    }
    out.set(I32, to + 2, high);
  }

  static void encodeQ80(float[] values, MemorySegment out, long to) {
    float scale = Math.abs(farthest(values)) / 127;
    float inverse = inverse(scale);
    out.set(I16, to, Float.floatToFloat16(scale));
    for (int j = 0; j < 32; j++) {
      float scaled = values[j] * inverse;
      int magnitude = Math.round(Math.abs(scaled)); // ties away from zero
      out.set(I8, to + 2 + j, (byte) (scaled < 0 ? -magnitude : magnitude));
    }
  }

  static void codesQ40(float scale, int[] codes, MemorySegment out, long to) {
    out.set(I16, to, Float.floatToFloat16(scale));
    for (int j = 0; j < 16; j++) {
      out.set(I8, to + 2 + j, (byte) (codes[j] + 8 | codes[j + 16] + 8 << 4));
    }
  }

  static void codesQ50(float scale, int[] codes, MemorySegment out, long to) {
    out.set(I16, to, Float.floatToFloat16(scale));
    int high = 0;
    for (int j = 0; j < 16; j++) {
      int first = codes[j] + 16;
      int second = codes[j + 16] + 16;
      out.set(I8, to + 6 + j, (byte) (first & 15 | (second & 15) << 4));
      high |= first >> 4 << j | second >> 4 << j + 16;
    }
    out.set(I32, to + 2, high);
  }

  static void codesQ80(float scale, int[] codes, MemorySegment out, long to) {
    out.set(I16, to, Float.floatToFloat16(scale));
    for (int j = 0; j < 32; j++) {
      out.set(I8, to + 2 + j, (byte) codes[j]);
    }
  }

  /** The value farthest from zero, with its sign: it takes the code that has no mirror image. */
  private static float farthest(float[] values) {
    float farthest = 0;
    for (float value : values) {
      if (Math.abs(value) > Math.abs(farthest)) {
        farthest = value;
      }
    }
    return farthest;
  }

  private static float inverse(float scale) {
    return scale == 0 ? 0 : 1 / scale;
  }
}
