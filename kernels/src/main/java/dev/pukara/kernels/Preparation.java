package dev.pukara.kernels;

/**
 * Something that forward passes need and that takes a while to make, so that it is better made
 * before: a compiled product.
 *
 * <p>Threads: any one, beside forward passes too. Who needs it meanwhile makes it or waits for it;
 * it is never made twice.
 */
public interface Preparation {
  /** Rows of the product; small ones are needed by everybody. */
  int rows();

  /** Makes it. Returns false, at once, if it was there already. */
  boolean make();
}
