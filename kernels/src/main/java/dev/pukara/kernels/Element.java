package dev.pukara.kernels;

/** How one value of a {@link Matrix} is stored. */
public enum Element {
  /** IEEE single precision. */
  F32(4),
  /** The upper half of an f32: the same range, 8 bits of precision. */
  BF16(2);

  private final int bytes;

  Element(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of a value. */
  public int bytes() {
    return bytes;
  }
}
