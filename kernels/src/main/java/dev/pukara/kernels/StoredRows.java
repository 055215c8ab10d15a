package dev.pukara.kernels;

/** Activations that take and give single rows of f32, whatever their own form is. */
sealed interface StoredRows extends Activations permits F32Activations, Bf16Rows, U8Rows {
  /** Address of the first row. */
  long address();

  /** Bytes from one row to the next. */
  long rowBytes();

  /** Stores a row: {@link #width()} f32 values at address {@code values}. */
  void put(int row, long values, RowMath math);

  /** Reads a row back into {@link #width()} f32 values at address {@code values}. */
  void get(int row, long values);

  /** The rows of {@code activations}, which these kernels made. */
  static StoredRows of(Activations activations) {
    if (activations instanceof StoredRows rows) {
      return rows;
    }
    throw new IllegalArgumentException(
        "activations of other kernels: " + activations.getClass().getName());
  }
}
