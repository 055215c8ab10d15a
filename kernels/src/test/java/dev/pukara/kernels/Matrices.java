package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Matrices value by value, for tests. */
final class Matrices {
  private Matrices() {}

  static float get(Matrix matrix, int row, int col) {
    long address = matrix.address(row, col);
    return matrix.element() == Element.F32
        ? Lanes.getFloat(address)
        : Blocks.bf16ToFloat(Lanes.ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, address));
  }

  static void set(Matrix matrix, int row, int col, double value) {
    long address = matrix.address(row, col);
    if (matrix.element() == Element.F32) {
      Lanes.putFloat(address, (float) value);
    } else {
      short bits = Blocks.floatToBf16((float) value);
      Lanes.ALL.set(ValueLayout.JAVA_SHORT_UNALIGNED, address, bits);
    }
  }

  /** All values, row by row. */
  static float[] values(Matrix matrix) {
    float[] values = new float[matrix.rows() * matrix.cols()];
    for (int i = 0; i < values.length; i++) {
      values[i] = get(matrix, i / matrix.cols(), i % matrix.cols());
    }
    return values;
  }

  /** The same in f64. */
  static double[] doubles(Matrix matrix) {
    float[] values = values(matrix);
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  /** The greatest difference, as a part of the greatest expected value, is below {@code most}. */
  static void assertClose(String what, float[] actual, double[] expected, double most) {
    assertThat(actual).as(what).hasSameSizeAs(expected);
    double greatest = 1e-30;
    double difference = 0;
    int where = 0;
    for (int i = 0; i < actual.length; i++) {
      greatest = Math.max(greatest, Math.abs(expected[i]));
      double d = Math.abs(actual[i] - expected[i]);
      if (!(d <= difference)) {
        difference = d;
        where = i;
      }
    }
    assertThat(difference / greatest)
        .as("%s: value %d is %s, expected %s", what, where, actual[where], expected[where])
        .isLessThan(most);
  }

  static Matrix random(Arena arena, Random random, Element element, int rows, int cols) {
    Matrix matrix = Matrix.allocate(arena, element, rows, cols);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < cols; j++) {
        set(matrix, i, j, random.nextGaussian());
      }
    }
    return matrix;
  }
}
