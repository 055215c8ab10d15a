package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Rows of u8, {@code round(x / scale) + 128}, with a scale per row and group of neighbouring
 * values: an outlier coarsens its own group only.
 *
 * <p>The groups are large, since each is a product of its own whose results are added up in f32.
 */
final class U8Rows implements StoredRows {
  /** Most values of a group. */
  private static final int GROUP_MAX = 1024;

  /** A product's inner loop takes whole multiples of this many values. */
  private static final int GROUP_STEP = 64;

  private final MemorySegment values;
  private final MemorySegment scales;
  private final int maxRows;
  private final int width;
  private final int group;
  private final int groups;

  private U8Rows(MemorySegment values, MemorySegment scales, int maxRows, int width) {
    this.values = values;
    this.scales = scales;
    this.maxRows = maxRows;
    this.width = width;
    this.group = group(width);
    this.groups = groups(width);
  }

  /** Makes room for {@code maxRows} rows, and {@code spare} more that may be read. */
  static U8Rows allocate(Arena arena, int maxRows, int spare, int width) {
    return new U8Rows(
        arena.allocate((long) (maxRows + spare) * width, 64),
        arena.allocate(4L * maxRows * groups(width), 64),
        maxRows,
        width);
  }

  /** Values in every group but the last, which may be shorter. */
  static int group(int width) {
    int least = (width + GROUP_MAX - 1) / GROUP_MAX;
    int even = (width + least - 1) / least;
    return Math.min(width, (even + GROUP_STEP - 1) / GROUP_STEP * GROUP_STEP);
  }

  /** Groups of a row. */
  static int groups(int width) {
    int group = group(width);
    return (width + group - 1) / group;
  }

  @Override
  public int maxRows() {
    return maxRows;
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public Precision precision() {
    return Precision.INT8;
  }

  @Override
  public long address() {
    return values.address();
  }

  @Override
  public long rowBytes() {
    return width;
  }

  /** The scale of a group of a row. */
  float scale(int row, int group) {
    return scales.get(ValueLayout.JAVA_FLOAT, 4L * ((long) row * groups + group));
  }

  @Override
  public void put(int row, long from, RowMath math) {
    long to = address() + row * rowBytes();
    for (int g = 0; g < groups; g++) {
      int first = g * group;
      int count = Math.min(group, width - first);
      float max = math.toU8(from + 4L * first, count, to + first);
      scales.set(ValueLayout.JAVA_FLOAT, 4L * ((long) row * groups + g), max / 127);
    }
  }

  @Override
  public void get(int row, long to) {
    MemorySegment out = MemorySegment.ofAddress(to).reinterpret(4L * width);
    for (int j = 0; j < width; j++) {
      int stored = values.get(ValueLayout.JAVA_BYTE, row * rowBytes() + j) & 0xff;
      out.set(Tensor.F32, 4L * j, (stored - 128) * scale(row, j / group));
    }
  }
}
