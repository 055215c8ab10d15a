package dev.pukara.kernels;

import java.util.Locale;

/**
 * How the products of the linear layers are computed; a named choice with a measured cost in
 * accuracy.
 */
public enum Precision {
  /** f32 weights and activations: the reference. */
  F32,
  /** bf16 weights and activations, f32 sums. */
  BF16,
  /**
   * bf16 activations; s8 weights with a scale for 32 of them: the file's own where it has such
   * blocks (Q8_0, Q5_0, Q4_0), rounded to them where it has not; f32 sums.
   */
  GROUP32,
  /**
   * u8 activations with a scale per token; s8 weights with a scale per output channel; s32 sums.
   * The fastest.
   */
  INT8;

  /** The name in options, files and reports: {@code int8}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
