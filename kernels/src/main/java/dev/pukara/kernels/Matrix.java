package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;

/**
 * A view of a matrix in native memory: value {@code (i, j)} lies {@code i * rowStep + j * colStep}
 * values behind {@code address}. One of the two steps is 1, so that a transposed matrix is a view
 * too.
 *
 * <p>Whoever made the memory keeps it alive; a view does not.
 *
 * @param element how a value is stored
 * @param rows number of rows
 * @param cols number of columns
 * @param rowStep distance of two rows in values
 * @param colStep distance of two columns in values
 * @param address of value (0, 0)
 */
public record Matrix(
    Element element, int rows, int cols, long rowStep, long colStep, long address) {

  /** Checks that the values of a row, or of a column, lie side by side. */
  public Matrix {
    boolean fits = colStep == 1 ? rowStep >= cols : rowStep == 1 && colStep >= rows;
    if (rows < 0 || cols < 0 || !(fits || rows == 1 || cols == 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "matrix (%d, %d) with steps %d, %d", rows, cols, rowStep, colStep));
    }
  }

  /** Makes a zeroed matrix, aligned to 64 bytes. */
  public static Matrix allocate(Arena arena, Element element, int rows, int cols) {
    long bytes = Math.max(64L, (long) element.bytes() * rows * cols);
    return new Matrix(element, rows, cols, cols, 1, arena.allocate(bytes, 64).address());
  }

  /** Views a tensor, whose arena must stay open. */
  public static Matrix of(Tensor tensor) {
    return new Matrix(
        Element.F32, tensor.rows(), tensor.cols(), tensor.cols(), 1, tensor.address());
  }

  /** The same values with rows and columns exchanged. */
  public Matrix transposed() {
    return new Matrix(element, cols, rows, colStep, rowStep, address);
  }

  /** Rows {@code from..from + count}. */
  public Matrix rows(int from, int count) {
    if (from < 0 || count < 0 || from + count > rows) {
      throw new IndexOutOfBoundsException(
          String.format(Locale.ROOT, "rows %d..%d of %s", from, from + count, this));
    }
    return new Matrix(element, count, cols, rowStep, colStep, address(from, 0));
  }

  /** Columns {@code from..from + count}. */
  public Matrix cols(int from, int count) {
    if (from < 0 || count < 0 || from + count > cols) {
      throw new IndexOutOfBoundsException(
          String.format(Locale.ROOT, "columns %d..%d of %s", from, from + count, this));
    }
    return new Matrix(element, rows, count, rowStep, colStep, address(0, from));
  }

  /** The memory of a matrix whose rows lie one behind the other without gaps. */
  public MemorySegment memory() {
    if (colStep != 1 || (rows > 1 && rowStep != cols)) {
      throw new IllegalStateException("gaps between the rows of " + this);
    }
    return Lanes.ALL.asSlice(address, (long) element.bytes() * rows * cols);
  }

  /** Address of value {@code (row, col)}. */
  long address(int row, int col) {
    return address + element.bytes() * (row * rowStep + col * colStep);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "Matrix(%d, %d) %s steps %d, %d", rows, cols, element, rowStep, colStep);
  }
}
