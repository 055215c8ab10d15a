package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Rows of bf16. */
final class Bf16Rows implements StoredRows {
  private final MemorySegment values;
  private final int maxRows;
  private final int width;
  private final Precision precision;

  private Bf16Rows(MemorySegment values, int maxRows, int width, Precision precision) {
    this.values = values;
    this.maxRows = maxRows;
    this.width = width;
    this.precision = precision;
  }

  /** Makes room for {@code maxRows} rows, and {@code spare} more that may be read. */
  static Bf16Rows allocate(Arena arena, int maxRows, int spare, int width, Precision precision) {
    return new Bf16Rows(
        arena.allocate(2L * (maxRows + spare) * width, 64), maxRows, width, precision);
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
    return precision;
  }

  @Override
  public long address() {
    return values.address();
  }

  @Override
  public long rowBytes() {
    return 2L * width;
  }

  @Override
  public void put(int row, long from, RowMath math) {
    math.toBf16(from, width, address() + row * rowBytes());
  }

  @Override
  public void get(int row, long to) {
    MemorySegment out = MemorySegment.ofAddress(to).reinterpret(4L * width);
    for (int j = 0; j < width; j++) {
      short bits = values.get(ValueLayout.JAVA_SHORT, row * rowBytes() + 2L * j);
      out.set(Tensor.F32, 4L * j, Blocks.bf16ToFloat(bits));
    }
  }
}
