package dev.pukara.train;

import dev.pukara.kernels.Element;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.Weights;
import dev.pukara.kernels.Workers;
import dev.pukara.model.ModelFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Reads tensors of the base model as f32 matrices. */
record BaseWeights(ModelFile file, Workers workers, Arena arena) {
  /**
   * A tensor of a checkpoint.
   *
   * @param name transformers' name
   * @param rows output features
   */
  record Part(String name, int rows) {}

  /** The tensors one below the other, {@code (sum of rows, cols)}. */
  Matrix stacked(List<Part> parts, int cols) {
    int rows = parts.stream().mapToInt(Part::rows).sum();
    Matrix all = Matrix.allocate(arena, Element.F32, rows, cols);
    int row = 0;
    for (Part part : parts) {
      decode(file.weights(part.name(), part.rows(), cols), all.rows(row, part.rows()));
      row += part.rows();
    }
    return all;
  }

  private void decode(Weights weights, Matrix to) {
    MemorySegment memory = to.memory();
    workers.split(
        weights.rows(),
        1,
        (from, until) -> {
          for (int i = from; i < until; i++) {
            weights.format().decode(weights.row(i), 0, to.cols(), memory, 4L * i * to.cols());
          }
        });
  }

  /** A vector as a matrix of one row. */
  Matrix vector(String name, int length) {
    Matrix row = Matrix.allocate(arena, Element.F32, 1, length);
    row.memory().copyFrom(MemorySegment.ofArray(file.vector(name, length)));
    return row;
  }
}
