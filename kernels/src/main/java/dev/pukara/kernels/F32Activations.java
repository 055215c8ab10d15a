package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;

/** Activations that are plain f32 rows: {@code rows} is {@code (maxRows, width)}. */
record F32Activations(Tensor rows) implements StoredRows {
  static F32Activations allocate(Arena arena, int maxRows, int width) {
    return new F32Activations(Tensor.allocate(arena, maxRows, width));
  }

  /** The rows of activations that must be f32. */
  static Tensor rowsOf(Activations activations) {
    if (activations instanceof F32Activations f32) {
      return f32.rows;
    }
    throw new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "activations of %s where f32 rows are needed",
            activations.precision().id()));
  }

  @Override
  public int maxRows() {
    return rows.rows();
  }

  @Override
  public int width() {
    return rows.cols();
  }

  @Override
  public Precision precision() {
    return Precision.F32;
  }

  @Override
  public long address() {
    return rows.address();
  }

  @Override
  public long rowBytes() {
    return 4L * width();
  }

  @Override
  public void put(int row, long values, RowMath math) {
    MemorySegment source = MemorySegment.ofAddress(values).reinterpret(rowBytes());
    MemorySegment.copy(source, 0, rows.segment(), row * rowBytes(), rowBytes());
  }

  @Override
  public void get(int row, long values) {
    MemorySegment target = MemorySegment.ofAddress(values).reinterpret(rowBytes());
    MemorySegment.copy(rows.segment(), row * rowBytes(), target, 0, rowBytes());
  }
}
