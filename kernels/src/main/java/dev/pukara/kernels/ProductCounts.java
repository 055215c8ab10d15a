package dev.pukara.kernels;

/**
 * Matrix products that were compiled since the start.
 *
 * @param ahead by a {@link Preparation}
 * @param onDemand when weights were packed or a forward pass needed them
 */
public record ProductCounts(int ahead, int onDemand) {
  /** Of kernels that compile nothing. */
  public static final ProductCounts NONE = new ProductCounts(0, 0);
}
