package dev.pukara.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A weight matrix {@code (rows, cols)} as it lies in a file: {@code rows} output features, {@code
 * cols} input features, each row a whole number of blocks of {@code format}.
 *
 * @param format how a row is stored
 * @param rows number of rows of this matrix (after {@code rowOrder})
 * @param cols values in a row, a multiple of {@code format.blockValues()}
 * @param data the stored rows, one after the other; usually a slice of a mapped file, never written
 * @param rowOrder null, or row {@code i} of this matrix is the stored row {@code rowOrder[i]}
 *     (undoes GGUF's q/k permutation; picks the answer tokens' rows of a head)
 */
public record Weights(
    BlockFormat format, int rows, int cols, MemorySegment data, int @Nullable [] rowOrder) {

  /** Checks that the format divides a row and that the data holds every row. */
  public Weights {
    if (rows <= 0 || cols <= 0 || cols % format.blockValues() != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "weights (%d, %d): %s needs a positive multiple of %d columns",
              rows,
              cols,
              format,
              format.blockValues()));
    }
    long stored = data.byteSize() / format.bytesOf(cols);
    if (rowOrder == null && stored < rows) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "weights (%d, %d) %s: data holds %d rows", rows, cols, format, stored));
    }
    if (rowOrder != null) {
      if (rowOrder.length != rows) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT, "weights (%d, %d): %d row numbers", rows, cols, rowOrder.length));
      }
      for (int row : rowOrder) {
        if (row < 0 || row >= stored) {
          throw new IllegalArgumentException(
              String.format(
                  Locale.ROOT,
                  "weights (%d, %d): no stored row %d of %d",
                  rows,
                  cols,
                  row,
                  stored));
        }
      }
    }
  }

  /** All stored rows in their order. */
  public static Weights of(BlockFormat format, int rows, int cols, MemorySegment data) {
    return new Weights(format, rows, cols, data, null);
  }

  /** The matrix of the given rows of this one, in the given order. */
  public Weights select(int[] order) {
    int[] stored = order.clone();
    if (rowOrder != null) {
      for (int i = 0; i < stored.length; i++) {
        stored[i] = rowOrder[stored[i]];
      }
    }
    return new Weights(format, stored.length, cols, data, stored);
  }

  /** The stored bytes of one row. */
  public MemorySegment row(int row) {
    long bytes = format.bytesOf(cols);
    int stored = rowOrder == null ? row : rowOrder[row];
    return data.asSlice(stored * bytes, bytes);
  }

  /**
   * Says that the rows will not be read soon: a mapped file's pages leave the process's memory, and
   * come back if they are read after all.
   */
  public void letGo() {
    if (data.isMapped()) {
      data.unload();
    }
  }
}
