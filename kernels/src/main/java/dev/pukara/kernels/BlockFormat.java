package dev.pukara.kernels;

import java.lang.foreign.MemorySegment;

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

  /**
   * Reads {@code count} values that start at value {@code from} of the stored row (both multiples
   * of {@link #blockValues()}) into {@code target}, f32, at {@code targetOffset} bytes.
   */
  public void decode(
      MemorySegment row, int from, int count, MemorySegment target, long targetOffset) {
    throw new UnsupportedOperationException("decode " + this);
  }

  /** True if {@link #encode} can write the format. */
  public boolean canEncode() {
    return false;
  }

  /**
   * Writes {@code count} f32 values at {@code sourceOffset} bytes of {@code source} as blocks into
   * {@code row}.
   */
  public void encode(MemorySegment source, long sourceOffset, int count, MemorySegment row) {
    throw new UnsupportedOperationException("encode " + this);
  }
}
