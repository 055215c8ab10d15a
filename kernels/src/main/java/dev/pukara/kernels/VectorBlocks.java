package dev.pukara.kernels;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * Reads stored rows at raw addresses into f32: what {@link BlockFormat#decode} does, a vector at a
 * time. {@link Blocks} and {@link KQuants} describe the layouts.
 */
final class VectorBlocks {
  private VectorBlocks() {}

  /**
   * Reads {@code count} values that start at value {@code from} of the row at {@code row} to {@code
   * out}. Both are multiples of the format's block.
   */
  static void decode(BlockFormat format, long row, int from, int count, long out) {
    long in = row + format.bytesOf(from);
    switch (format) {
      case F32 -> Lanes.copy(in, out, 4L * count);
      case F16 -> f16(in, count, out);
      case BF16 -> bf16(in, count, out);
      case Q4_0 -> q40(in, count / 32, out);
      case Q4_1 -> q41(in, count / 32, out);
      case Q5_0 -> q50(in, count / 32, out);
      case Q5_1 -> q51(in, count / 32, out);
      case Q8_0 -> q80(in, count / 32, out);
      case Q2_K -> q2(in, count / 256, out);
      case Q3_K -> q3(in, count / 256, out);
      case Q4_K -> q4(in, count / 256, out);
      case Q5_K -> q5(in, count / 256, out);
      case Q6_K -> q6(in, count / 256, out);
      case Q8_K -> q8(in, count / 256, out);
    }
  }

  private static void f16(long in, int count, long out) {
    int j = 0;
    for (; j + Lanes.COUNT <= count; j += Lanes.COUNT) {
      Lanes.store(out + 4L * j, halves(Lanes.unsignedShorts(in + 2L * j)));
    }
    for (; j < count; j++) {
      Lanes.putFloat(out + 4L * j, Lanes.getHalf(in + 2L * j));
    }
  }

  /** The bits of f16 as f32: exponent and fraction moved into place, then the bias put right. */
  private static FloatVector halves(IntVector bits) {
    IntVector magnitude = bits.and(0x7fff).lanewise(LSHL, 13);
    IntVector scaled = magnitude.reinterpretAsFloats().mul(0x1p112f).reinterpretAsInts();
    IntVector special = scaled.or(0x7f800000); // infinities and NaN keep the highest exponent
    IntVector value = scaled.blend(special, magnitude.compare(GE, 31 << 23));
    return value.or(bits.and(0x8000).lanewise(LSHL, 16)).reinterpretAsFloats();
  }

  private static void bf16(long in, int count, long out) {
    int j = 0;
    for (; j + Lanes.COUNT <= count; j += Lanes.COUNT) {
      IntVector bits = Lanes.unsignedShorts(in + 2L * j).lanewise(LSHL, 16);
      Lanes.store(out + 4L * j, bits.reinterpretAsFloats());
    }
    for (; j < count; j++) {
      int low = Lanes.getByte(in + 2L * j) & 0xff;
      int high = Lanes.getByte(in + 2L * j + 1);
      Lanes.putFloat(out + 4L * j, Float.intBitsToFloat(high << 24 | low << 16));
    }
  }

  private static void signed(float scale, long in, int count, long out) {
    for (int j = 0; j < count; j += Lanes.COUNT) {
      Lanes.store(out + 4L * j, Lanes.toFloats(Lanes.signedBytes(in + j)).mul(scale));
    }
  }

  /** {@code out = q * scale + min}. */
  private static void linear(IntVector q, float scale, float min, long out) {
    FloatVector scales = FloatVector.broadcast(Lanes.F, scale);
    Lanes.store(out, Lanes.toFloats(q).fma(scales, FloatVector.broadcast(Lanes.F, min)));
  }

  private static void nibbles(float scale, float min, long in, long out) {
    for (int j = 0; j < 16; j += Lanes.COUNT) {
      IntVector pairs = Lanes.unsignedBytes(in + j);
      linear(pairs.and(15), scale, min, out + 4L * j);
      linear(pairs.lanewise(LSHR, 4), scale, min, out + 4L * (j + 16));
    }
  }

  private static void fives(float scale, float min, int high, long in, long out) {
    for (int j = 0; j < 16; j += Lanes.COUNT) {
      IntVector pairs = Lanes.unsignedBytes(in + j);
      IntVector first = Lanes.bits(high >>> j).lanewise(LSHL, 4);
      IntVector second = Lanes.bits(high >>> j + 16).lanewise(LSHL, 4);
      linear(pairs.and(15).or(first), scale, min, out + 4L * j);
      linear(pairs.lanewise(LSHR, 4).or(second), scale, min, out + 4L * (j + 16));
    }
  }

  private static void q40(long in, int blocks, long out) {
    for (int b = 0; b < blocks; b++) {
      float scale = Lanes.getHalf(in + 18L * b);
      nibbles(scale, -8 * scale, in + 18L * b + 2, out + 128L * b);
    }
  }

  private static void q41(long in, int blocks, long out) {
    for (int b = 0; b < blocks; b++) {
      long at = in + 20L * b;
      nibbles(Lanes.getHalf(at), Lanes.getHalf(at + 2), at + 4, out + 128L * b);
    }
  }

  private static void q50(long in, int blocks, long out) {
    for (int b = 0; b < blocks; b++) {
      long at = in + 22L * b;
      float scale = Lanes.getHalf(at);
      fives(scale, -16 * scale, Lanes.getInt(at + 2), at + 6, out + 128L * b);
    }
  }

  private static void q51(long in, int blocks, long out) {
    for (int b = 0; b < blocks; b++) {
      long at = in + 24L * b;
      float scale = Lanes.getHalf(at);
      fives(scale, Lanes.getHalf(at + 2), Lanes.getInt(at + 4), at + 8, out + 128L * b);
    }
  }

  private static void q80(long in, int blocks, long out) {
    for (int b = 0; b < blocks; b++) {
      signed(Lanes.getHalf(in + 34L * b), in + 34L * b + 2, 32, out + 128L * b);
    }
  }

  private static void q8(long in, int blocks, long out) {
    for (int b = 0; b < blocks; b++) {
      signed(Lanes.getFloat(in + 292L * b), in + 292L * b + 4, 256, out + 1024L * b);
    }
  }

  private static void q2(long in, int blocks, long out) {
    for (int b = 0; b < blocks; b++) {
      q2(in + 84L * b, out + 1024L * b);
    }
  }

  private static void q2(long in, long out) {
    float d = Lanes.getHalf(in + 80);
    float dmin = Lanes.getHalf(in + 82);
    for (int group = 0; group < 16; group++) {
      int scaleMin = Lanes.getByte(in + group) & 0xff;
      int shift = group / 2 % 4 * 2;
      long quants = in + 16 + group / 8 * 32 + group % 2 * 16;
      for (int l = 0; l < 16; l += Lanes.COUNT) {
        IntVector q = Lanes.unsignedBytes(quants + l).lanewise(LSHR, shift).and(3);
        linear(q, d * (scaleMin & 15), -dmin * (scaleMin >> 4), out + 4L * (16 * group + l));
      }
    }
  }

  private static void q3(long in, int blocks, long out) {
    for (int b = 0; b < blocks; b++) {
      q3(in + 110L * b, out + 1024L * b);
    }
  }

  private static void q3(long in, long out) {
    float d = Lanes.getHalf(in + 108);
    for (int group = 0; group < 16; group++) {
      int low = Lanes.getByte(in + 96 + group % 8) >> group / 8 * 4 & 15;
      int high = Lanes.getByte(in + 104 + group % 4) >> group / 4 * 2 & 3;
      float scale = d * ((low | high << 4) - 32);
      int shift = group / 2 % 4 * 2;
      long quants = in + 32 + group / 8 * 32 + group % 2 * 16;
      long highBits = in + group % 2 * 16;
      for (int l = 0; l < 16; l += Lanes.COUNT) {
        IntVector q = Lanes.unsignedBytes(quants + l).lanewise(LSHR, shift).and(3);
        IntVector bit = Lanes.unsignedBytes(highBits + l).lanewise(LSHR, group / 2).and(1);
        linear(q.or(bit.lanewise(LSHL, 2)), scale, -4 * scale, out + 4L * (16 * group + l));
      }
    }
  }

  private static void q4(long in, int blocks, long out) {
    for (int b = 0; b < blocks; b++) {
      q4(in + 144L * b, out + 1024L * b);
    }
  }

  private static void q4(long in, long out) {
    float d = Lanes.getHalf(in);
    float dmin = Lanes.getHalf(in + 2);
    for (int group = 0; group < 8; group++) {
      float scale = d * scale(in + 4, group);
      float min = -dmin * min(in + 4, group);
      long quants = in + 16 + group / 2 * 32;
      int shift = group % 2 * 4;
      for (int l = 0; l < 32; l += Lanes.COUNT) {
        IntVector q = Lanes.unsignedBytes(quants + l).lanewise(LSHR, shift).and(15);
        linear(q, scale, min, out + 4L * (32 * group + l));
      }
    }
  }

  private static void q5(long in, int blocks, long out) {
    for (int b = 0; b < blocks; b++) {
      q5(in + 176L * b, out + 1024L * b);
    }
  }

  private static void q5(long in, long out) {
    float d = Lanes.getHalf(in);
    float dmin = Lanes.getHalf(in + 2);
    for (int group = 0; group < 8; group++) {
      float scale = d * scale(in + 4, group);
      float min = -dmin * min(in + 4, group);
      long quants = in + 48 + group / 2 * 32;
      int shift = group % 2 * 4;
      for (int l = 0; l < 32; l += Lanes.COUNT) {
        IntVector q = Lanes.unsignedBytes(quants + l).lanewise(LSHR, shift).and(15);
        IntVector bit = Lanes.unsignedBytes(in + 16 + l).lanewise(LSHR, group).and(1);
        linear(q.or(bit.lanewise(LSHL, 4)), scale, min, out + 4L * (32 * group + l));
      }
    }
  }

  private static int scale(long in, int group) {
    return group < 4
        ? Lanes.getByte(in + group) & 63
        : Lanes.getByte(in + group + 4) & 15 | (Lanes.getByte(in + group - 4) >> 6 & 3) << 4;
  }

  private static int min(long in, int group) {
    return group < 4
        ? Lanes.getByte(in + group + 4) & 63
        : Lanes.getByte(in + group + 4) >> 4 & 15 | (Lanes.getByte(in + group) >> 6 & 3) << 4;
  }

  private static void q6(long in, int blocks, long out) {
    for (int b = 0; b < blocks; b++) {
      q6(in + 210L * b, out + 1024L * b);
    }
  }

  private static void q6(long in, long out) {
    float d = Lanes.getHalf(in + 208);
    for (int group = 0; group < 16; group++) {
      float scale = d * Lanes.getByte(in + 192 + group);
      int half = group / 8;
      int quarter = group / 2 % 4;
      long low = in + half * 64 + quarter % 2 * 32 + group % 2 * 16;
      long high = in + 128 + half * 32 + group % 2 * 16;
      for (int l = 0; l < 16; l += Lanes.COUNT) {
        IntVector q = Lanes.unsignedBytes(low + l).lanewise(LSHR, quarter / 2 * 4).and(15);
        IntVector bits = Lanes.unsignedBytes(high + l).lanewise(LSHR, quarter * 2).and(3);
        linear(q.or(bits.lanewise(LSHL, 4)), scale, -32 * scale, out + 4L * (16 * group + l));
      }
    }
  }
}
