package dev.pukara.kernels;

import static dev.pukara.kernels.Blocks.I8;

import java.lang.foreign.MemorySegment;

/**
 * Readers of ggml's K-quants: blocks of 256 values in groups of 16 or 32, whose scales (and minima)
 * are small integers times one f16 of the block.
 *
 * <pre>
 * Q2_K  [16] scale | min &lt;&lt; 4  [64] 2-bit q       [f16] d [f16] dmin
 * Q3_K  [32] high bit of q      [64] low 2 bits q  [12] 6-bit scales  [f16] d
 * Q4_K  [f16] d [f16] dmin [12] 6-bit scales, mins            [128] 4-bit q
 * Q5_K  [f16] d [f16] dmin [12] 6-bit scales, mins  [32] high [128] 4-bit q
 * Q6_K  [128] low 4 bits q  [64] high 2 bits q  [16 x s8] scales  [f16] d
 * Q8_K  [f32] d  [256 x s8] q  [16 x s16] sums (not needed)
 * </pre>
 *
 * <p>Source: the block structures of ggml-common.h.
 */
final class KQuants {
  private KQuants() {}

  private static int u8(MemorySegment in, long at) {
    return in.get(I8, at) & 0xff;
  }

  /** Groups of 16. Byte {@code 32 * half + l} holds values {@code 128 * half + l + 32 * pair}. */
  static void decodeQ2(MemorySegment in, long at, MemorySegment out, long to) {
    float d = Blocks.f16(in, at + 80);
    float dmin = Blocks.f16(in, at + 82);
    for (int group = 0; group < 16; group++) {
      int scaleMin = u8(in, at + group);
      float scale = d * (scaleMin & 15);
      float min = dmin * (scaleMin >> 4);
      int shift = group / 2 % 4 * 2;
      long quants = at + 16 + group / 8 * 32 + group % 2 * 16;
      for (int l = 0; l < 16; l++) {
        int q = u8(in, quants + l) >> shift & 3;
        out.set(Tensor.F32, to + 4L * (16 * group + l), scale * q - min);
      }
    }
  }

  /** As Q2_K, but signed: bit {@code group / 2} of {@code high[l]} clear means q - 4. */
  static void decodeQ3(MemorySegment in, long at, MemorySegment out, long to) {
    float d = Blocks.f16(in, at + 108);
    for (int group = 0; group < 16; group++) {
      int low = u8(in, at + 96 + group % 8) >> group / 8 * 4 & 15;
      int high = u8(in, at + 104 + group % 4) >> group / 4 * 2 & 3;
      float scale = d * ((low | high << 4) - 32);
      int shift = group / 2 % 4 * 2;
      long quants = at + 32 + group / 8 * 32 + group % 2 * 16;
      long highBits = at + group % 2 * 16;
      for (int l = 0; l < 16; l++) {
        int q = u8(in, quants + l) >> shift & 3;
        int offset = u8(in, highBits + l) >> group / 2 & 1;
        out.set(Tensor.F32, to + 4L * (16 * group + l), scale * (q + 4 * offset - 4));
      }
    }
  }

  /** Groups of 32, two to each run of 32 bytes: the low halves, then the high halves. */
  static void decodeQ4(MemorySegment in, long at, MemorySegment out, long to) {
    float d = Blocks.f16(in, at);
    float dmin = Blocks.f16(in, at + 2);
    for (int group = 0; group < 8; group++) {
      float scale = d * scale(in, at + 4, group);
      float min = dmin * min(in, at + 4, group);
      long quants = at + 16 + group / 2 * 32;
      for (int l = 0; l < 32; l++) {
        int q = u8(in, quants + l) >> group % 2 * 4 & 15;
        out.set(Tensor.F32, to + 4L * (32 * group + l), scale * q - min);
      }
    }
  }

  /** As Q4_K, with bit {@code group} of {@code high[l]} as the fifth bit. */
  static void decodeQ5(MemorySegment in, long at, MemorySegment out, long to) {
    float d = Blocks.f16(in, at);
    float dmin = Blocks.f16(in, at + 2);
    for (int group = 0; group < 8; group++) {
      float scale = d * scale(in, at + 4, group);
      float min = dmin * min(in, at + 4, group);
      long quants = at + 48 + group / 2 * 32;
      for (int l = 0; l < 32; l++) {
        int q = u8(in, quants + l) >> group % 2 * 4 & 15;
        int high = u8(in, at + 16 + l) >> group & 1;
        out.set(Tensor.F32, to + 4L * (32 * group + l), scale * (q + 16 * high) - min);
      }
    }
  }

  /** The 6-bit scale of a group of Q4_K and Q5_K: the last four are split over two bytes. */
  static int scale(MemorySegment in, long at, int group) {
    return group < 4
        ? u8(in, at + group) & 63
        : u8(in, at + group + 4) & 15 | u8(in, at + group - 4) >> 6 << 4;
  }

  /** The 6-bit minimum of a group of Q4_K and Q5_K. */
  static int min(MemorySegment in, long at, int group) {
    return group < 4
        ? u8(in, at + group + 4) & 63
        : u8(in, at + group + 4) >> 4 | u8(in, at + group) >> 6 << 4;
  }

  /** Groups of 16; 64 bytes of low halves and 32 bytes of high bits serve 128 values. */
  static void decodeQ6(MemorySegment in, long at, MemorySegment out, long to) {
    float d = Blocks.f16(in, at + 208);
    for (int group = 0; group < 16; group++) {
      float scale = d * in.get(I8, at + 192 + group);
      int half = group / 8;
      int quarter = group / 2 % 4;
      long low = at + half * 64 + quarter % 2 * 32 + group % 2 * 16;
      long high = at + 128 + half * 32 + group % 2 * 16;
      for (int l = 0; l < 16; l++) {
        int q =
            u8(in, low + l) >> quarter / 2 * 4 & 15 | (u8(in, high + l) >> quarter * 2 & 3) << 4;
        out.set(Tensor.F32, to + 4L * (16 * group + l), scale * (q - 32));
      }
    }
  }

  static void decodeQ8(MemorySegment in, long at, MemorySegment out, long to) {
    float scale = in.get(Blocks.F32, at);
    for (int l = 0; l < 256; l++) {
      out.set(Tensor.F32, to + 4L * l, scale * in.get(I8, at + 4 + l));
    }
  }
}
