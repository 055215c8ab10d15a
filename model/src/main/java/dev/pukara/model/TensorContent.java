package dev.pukara.model;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A tensor to be written, row by row, so that no model needs to fit memory.
 *
 * @param name name in the file that is written
 * @param format how it is stored
 * @param shape rows first; a vector has one size
 * @param rows gives the stored bytes
 */
record TensorContent(String name, BlockFormat format, long[] shape, Rows rows) {

  /** Gives rows, in any order. */
  @FunctionalInterface
  interface Rows {
    /**
     * Writes the stored bytes of row {@code row} into {@code target}, which has just their size.
     */
    void read(int row, MemorySegment target);
  }

  int rowCount() {
    return shape.length == 1 ? 1 : Math.toIntExact(shape[0]);
  }

  int cols() {
    return Math.toIntExact(shape[shape.length - 1]);
  }

  long rowBytes() {
    return format.bytesOf(cols());
  }

  long bytes() {
    return rowCount() * rowBytes();
  }

  /** A vector of f32. */
  static TensorContent vector(String name, float[] values) {
    return new TensorContent(
        name,
        BlockFormat.F32,
        new long[] {values.length},
        (_, target) ->
            BlockFormat.F32.encode(MemorySegment.ofArray(values), 0, values.length, target));
  }

  /** A matrix in the given format: copied if it has it already, else decoded and encoded. */
  static TensorContent matrix(String name, Weights weights, BlockFormat format) {
    long[] shape = {weights.rows(), weights.cols()};
    if (weights.format() == format) {
      return new TensorContent(
          name, format, shape, (row, target) -> target.copyFrom(weights.row(row)));
    }
    MemorySegment values = Arena.ofAuto().allocate(4L * weights.cols(), 4);
    return new TensorContent(
        name,
        format,
        shape,
        (row, target) -> {
          weights.format().decode(weights.row(row), 0, weights.cols(), values, 0);
          format.encode(values, 0, weights.cols(), target);
        });
  }

  /** The same tensor under another name, row {@code order[i]} of it being row {@code i} of this. */
  TensorContent placed(String newName, int[] order) {
    int[] source = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      source[order[i]] = i;
    }
    return new TensorContent(
        newName, format, shape, (row, target) -> rows.read(source[row], target));
  }

  TensorContent renamed(String newName) {
    return new TensorContent(newName, format, shape, rows);
  }
}
