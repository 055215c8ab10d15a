package dev.pukara.model;

import dev.pukara.kernels.Weights;

/** Gives the tensors of a Llama by their transformers names and in their row order. */
public interface TensorSource {
  /**
   * A matrix by its transformers name. @throws FormatException if it is missing or has another
   * shape
   */
  Weights weights(String name, int rows, int cols);

  /**
   * A vector by its transformers name, as f32. @throws FormatException if it is missing or has
   * another length
   */
  float[] vector(String name, int length);
}
