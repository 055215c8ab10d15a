package dev.pukara.kernels;

import java.util.List;

/**
 * A linear layer without bias, weights {@code (outputs, inputs)} prepared for one precision: {@code
 * y = x W^T}.
 */
public interface Linear extends AutoCloseable {
  /** Input features. */
  int inputs();

  /** Output features. */
  int outputs();

  /** The precision for which the weights were prepared; {@code x} must have the same. */
  Precision precision();

  /**
   * Computes {@code out = x W^T}, or {@code out += x W^T} if {@code accumulate}.
   *
   * @param x at least {@code rows} rows of {@link #inputs()} values
   * @param rows number of rows to compute
   * @param out at least {@code (rows, outputs)}
   */
  void forward(Activations x, int rows, Tensor out, boolean accumulate);

  /**
   * What {@link #forward} makes at first use for 1 to {@code rowsMax} rows, few rows first; nothing
   * for most kernels.
   */
  default List<Preparation> preparations(int rowsMax) {
    return List.of();
  }

  /**
   * Bytes of native memory held by the prepared weights (0 where the mapped file itself is read).
   */
  long residentBytes();

  /** Frees the prepared weights. */
  @Override
  void close();
}
