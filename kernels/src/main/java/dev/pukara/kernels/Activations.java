package dev.pukara.kernels;

/**
 * Rows of activations in the form in which a {@link Linear} of some precision reads them: f32,
 * bf16, or u8 with a scale per row. Norms and activations write them directly, so that quantising
 * is no pass of its own.
 *
 * <p>Made by {@link Kernels#activations}; only the same kernels understand the content.
 */
public interface Activations {
  /** Rows that fit. */
  int maxRows();

  /** Values in a row. */
  int width();

  /** The precision of the products that read these rows. */
  Precision precision();
}
