package dev.pukara.kernels;

/**
 * Vector math of single rows of f32 at raw addresses, any length: the passes between two oneDNN
 * products. What differs between precisions is only what becomes of the result, so that these serve
 * all of them.
 *
 * <p>Two implementations: {@code VectorRowMath} on jdk.incubator.vector, and {@link PlainRowMath},
 * loops over heap arrays that C2 vectorises by itself, for JVMs started without that module.
 */
interface RowMath {
  /** Below this a row counts as zeros: 127 / max would be no number. */
  float LEAST = 1e-30f;

  /** What the values of a row are multiplied by to become bytes. */
  static float inverse(float max) {
    return max < LEAST ? 0 : 127 / max;
  }

  /** Sum of squares. */
  float squares(long x, int n);

  /** {@code out = x * factor * gain}. */
  void scale(long x, float factor, long gain, int n, long out);

  /** {@code out = silu(gate) * up}. */
  void swiglu(long gate, long up, int n, long out);

  /** {@code out = x * factor}, or {@code out += x * factor} if {@code add}. */
  void scale(long x, float factor, int n, long out, boolean add);

  /** Greatest value. */
  float max(long x, int n);

  /**
   * The terms of a softmax but for a factor: {@code out = 2^(scale * x - exponent)} as f32 or bf16,
   * zeros in {@code n..room}. Both addresses have room for {@code room} values, a multiple of 64;
   * {@code x} is used up. Terms below 2^-126 may be zero.
   *
   * <p>As the exponent is an integer, another one changes the terms by a power of two and their
   * rounding not at all.
   *
   * @param exponent at least {@code scale * x} for all x
   * @return the sum of the terms, after rounding
   */
  float powers(long x, int n, int room, float scale, int exponent, boolean bf16, long out);

  /**
   * Rotates the pairs {@code (x[j], x[j + half])} of each of {@code heads} neighbouring heads of
   * {@code 2 * half} values (at most 1,024) by angles given as cos and sin.
   */
  void rotate(long x, int heads, int half, long cos, long sin);

  /**
   * {@code out = round(127 * x / max) + 128}, bytes.
   *
   * @return max, the greatest absolute value; NaN if there is one
   */
  float toU8(long x, int n, long out);

  /** {@code out = x}, bf16, rounded to nearest, ties to even. */
  void toBf16(long x, int n, long out);
}
