package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;

/**
 * A dense matrix {@code (rows, cols)}, f32, row-major, in native memory, aligned to 64 bytes when
 * allocated here.
 *
 * <p>Native, because oneDNN, the Vector API and memory-mapped files then share one representation
 * without copies. Whoever made the arena owns the memory. Kernels check shapes once at their door
 * and then address the memory directly, so a tensor must not be used after its arena is closed.
 */
public final class Tensor {
  /** One f32, in the machine's byte order, at any alignment. */
  public static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private final MemorySegment segment;
  private final int rows;
  private final int cols;

  private Tensor(MemorySegment segment, int rows, int cols) {
    this.segment = segment;
    this.rows = rows;
    this.cols = cols;
  }

  /** Makes a zeroed tensor {@code (rows, cols)}. */
  public static Tensor allocate(Arena arena, int rows, int cols) {
    if (rows < 0 || cols < 0) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "tensor (%d, %d): negative size", rows, cols));
    }
    return new Tensor(arena.allocate(Math.max(64L, 4L * rows * cols), 64), rows, cols);
  }

  /** Makes a tensor {@code (rows, cols)} that holds {@code values}. */
  public static Tensor of(Arena arena, int rows, int cols, float... values) {
    Tensor tensor = allocate(arena, rows, cols);
    if (values.length != rows * cols) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "tensor (%d, %d): %d values", rows, cols, values.length));
    }
    MemorySegment.copy(values, 0, tensor.segment, F32, 0, values.length);
    return tensor;
  }

  /** Views native memory that holds at least {@code rows * cols} floats as a tensor. */
  public static Tensor wrap(MemorySegment segment, int rows, int cols) {
    if (!segment.isNative() || segment.byteSize() < 4L * rows * cols) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "tensor (%d, %d) needs %d native bytes, got %s",
              rows,
              cols,
              4L * rows * cols,
              segment));
    }
    return new Tensor(segment, rows, cols);
  }

  /** Number of rows. */
  public int rows() {
    return rows;
  }

  /** Number of columns, also the distance of two rows in floats. */
  public int cols() {
    return cols;
  }

  /** The memory, at least {@code 4 * rows * cols} bytes. */
  public MemorySegment segment() {
    return segment;
  }

  /** Address of the first float. */
  public long address() {
    return segment.address();
  }

  /** A view {@code (count, cols)} that starts at row {@code from}. */
  public Tensor rows(int from, int count) {
    if (from < 0 || count < 0 || from + count > rows) {
      throw new IndexOutOfBoundsException(
          String.format(
              Locale.ROOT, "rows %d..%d of tensor (%d, %d)", from, from + count, rows, cols));
    }
    return new Tensor(segment.asSlice(4L * from * cols), count, cols);
  }

  /** The float at {@code (row, col)}. */
  public float get(int row, int col) {
    return segment.get(F32, 4L * ((long) row * cols + col));
  }

  /** Sets the float at {@code (row, col)}. */
  public void set(int row, int col, float value) {
    segment.set(F32, 4L * ((long) row * cols + col), value);
  }

  /** A copy of one row. */
  public float[] row(int row) {
    float[] values = new float[cols];
    MemorySegment.copy(segment, F32, 4L * row * cols, values, 0, cols);
    return values;
  }

  /** A copy of all rows, one after the other. */
  public float[] toArray() {
    float[] values = new float[rows * cols];
    MemorySegment.copy(segment, F32, 0, values, 0, values.length);
    return values;
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "Tensor(%d, %d)", rows, cols);
  }
}
