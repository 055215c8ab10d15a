package dev.pukara.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * The storage formats of GGUF tensors (ggml's block types) and how to read and write them.
 *
 * <p>A row is cut into blocks of {@link #blockValues()} values that take {@link #blockBytes()}
 * bytes each.
 */
public enum BlockFormat {
  F32(0, 1, 4),
  F16(1, 1, 2),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q8_0(8, 32, 34),
  Q2_K(10, 256, 84),
  Q3_K(11, 256, 110),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210),
  Q8_K(15, 256, 292),
  BF16(30, 1, 2);

  private final int id;
  private final int blockValues;
  private final int blockBytes;

  BlockFormat(int id, int blockValues, int blockBytes) {
    this.id = id;
    this.blockValues = blockValues;
    this.blockBytes = blockBytes;
  }

  /** ggml's number of the type, as GGUF stores it. */
  public int id() {
    return id;
  }

  /** Values in a block. */
  public int blockValues() {
    return blockValues;
  }

  /** Bytes of a block. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Bytes of {@code values} values; {@code values} is a multiple of {@link #blockValues()}. */
  public long bytesOf(long values) {
    return values / blockValues * blockBytes;
  }

  /** The format with ggml's number {@code id}, or empty if this program cannot read it. */
  public static Optional<BlockFormat> ofId(int id) {
    for (BlockFormat format : values()) {
      if (format.id == id) {
        return Optional.of(format);
      }
    }
    return Optional.empty();
  }

  /**
   * Reads {@code count} values that start at value {@code from} of the stored row (both multiples
   * of {@link #blockValues()}) into {@code target}, f32, at {@code targetOffset} bytes.
   *
   * @throws IndexOutOfBoundsException if the row or the target is too short
   */
  public void decode(
      MemorySegment row, int from, int count, MemorySegment target, long targetOffset) {
    requireWholeBlocks(from, count);
    Objects.checkFromIndexSize(bytesOf(from), bytesOf(count), row.byteSize());
    Objects.checkFromIndexSize(targetOffset, 4L * count, target.byteSize());
    long at = bytesOf(from);
    long to = targetOffset;
    switch (this) {
      case F32 -> MemorySegment.copy(row, Blocks.F32, at, target, Tensor.F32, to, count);
      case F16 -> Blocks.decodeF16(row, at, count, target, to);
      case BF16 -> Blocks.decodeBf16(row, at, count, target, to);
      default -> {
        for (int done = 0; done < count; done += blockValues) {
          decodeBlock(row, at, target, to);
          at += blockBytes;
          to += 4L * blockValues;
        }
      }
    }
  }

  private void decodeBlock(MemorySegment in, long at, MemorySegment out, long to) {
    switch (this) {
      case Q4_0 -> Blocks.decodeQ40(in, at, out, to);
      case Q4_1 -> Blocks.decodeQ41(in, at, out, to);
      case Q5_0 -> Blocks.decodeQ50(in, at, out, to);
      case Q5_1 -> Blocks.decodeQ51(in, at, out, to);
      case Q8_0 -> Blocks.decodeQ80(in, at, out, to);
      case Q2_K -> KQuants.decodeQ2(in, at, out, to);
      case Q3_K -> KQuants.decodeQ3(in, at, out, to);
      case Q4_K -> KQuants.decodeQ4(in, at, out, to);
      case Q5_K -> KQuants.decodeQ5(in, at, out, to);
      case Q6_K -> KQuants.decodeQ6(in, at, out, to);
      case Q8_K -> KQuants.decodeQ8(in, at, out, to);
      case F32, F16, BF16 -> throw new AssertionError(this);
    }
  }

  /** True if a block is one scale, and whole numbers from -128 to 127 times it. */
  public boolean isScaled() {
    return switch (this) {
      case Q4_0, Q5_0, Q8_0 -> true;
      case F32, F16, BF16, Q4_1, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, Q8_K -> false;
    };
  }

  /** The scale of a block of a {@linkplain #isScaled() scaled} format, which comes first in it. */
  float scale(MemorySegment row, int block) {
    return Blocks.f16(row, (long) block * blockBytes);
  }

  /** The least of the whole numbers of a {@linkplain #isScaled() scaled} format. */
  public int codeMin() {
    return switch (this) {
      case Q4_0 -> -8;
      case Q5_0 -> -16;
      case Q8_0 -> -127;
      default -> throw new UnsupportedOperationException(this + " is no scaled format");
    };
  }

  /** The greatest of them. */
  public int codeMax() {
    return this == Q8_0 ? 127 : -codeMin() - 1;
  }

  /**
   * Writes a block of a {@linkplain #isScaled() scaled} format as it is.
   *
   * @param scale is stored as f16
   * @param codes {@link #blockValues()} whole numbers from {@link #codeMin()} to {@link #codeMax()}
   * @param block number of the block in the stored row
   */
  public void encodeCodes(float scale, int[] codes, MemorySegment row, int block) {
    long to = (long) block * blockBytes;
    switch (this) {
      case Q4_0 -> Blocks.codesQ40(scale, codes, row, to);
      case Q5_0 -> Blocks.codesQ50(scale, codes, row, to);
      case Q8_0 -> Blocks.codesQ80(scale, codes, row, to);
      default -> throw new UnsupportedOperationException(this + " is no scaled format");
    }
  }

  /** True if {@link #encode} can write the format. */
  public boolean canEncode() {
    return switch (this) {
      case F32, F16, BF16, Q8_0, Q5_0, Q4_1, Q4_0 -> true;
      case Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, Q8_K -> false;
    };
  }

  /**
   * Writes {@code count} f32 values at {@code sourceOffset} bytes of {@code source} as blocks into
   * {@code row}.
   *
   * @throws UnsupportedOperationException if the format is one that is only read
   * @throws IndexOutOfBoundsException if the row or the source is too short
   */
  public void encode(MemorySegment source, long sourceOffset, int count, MemorySegment row) {
    if (!canEncode()) {
      throw new UnsupportedOperationException(this + " can be read, not written");
    }
    requireWholeBlocks(0, count);
    Objects.checkFromIndexSize(0, bytesOf(count), row.byteSize());
    Objects.checkFromIndexSize(sourceOffset, 4L * count, source.byteSize());
    long from = sourceOffset;
    long to = 0;
    switch (this) {
      case F32 -> MemorySegment.copy(source, Tensor.F32, from, row, Blocks.F32, to, count);
      case F16 -> Blocks.encodeF16(source, from, count, row);
      case BF16 -> Blocks.encodeBf16(source, from, count, row);
      default -> {
        float[] values = new float[blockValues];
        for (int done = 0; done < count; done += blockValues) {
          MemorySegment.copy(source, Tensor.F32, from, values, 0, blockValues);
          encodeBlock(values, row, to);
          from += 4L * blockValues;
          to += blockBytes;
        }
      }
    }
  }

  private void encodeBlock(float[] values, MemorySegment out, long to) {
    switch (this) {
      case Q4_0 -> Blocks.encodeQ40(values, out, to);
      case Q4_1 -> Blocks.encodeQ41(values, out, to);
      case Q5_0 -> Blocks.encodeQ50(values, out, to);
      case Q8_0 -> Blocks.encodeQ80(values, out, to);
      default -> throw new AssertionError(this);
    }
  }

  private void requireWholeBlocks(int from, int count) {
    if (from < 0 || count < 0 || from % blockValues != 0 || count % blockValues != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: values %d..%d are not whole blocks of %d",
              this,
              from,
              from + count,
              blockValues));
    }
  }
}
