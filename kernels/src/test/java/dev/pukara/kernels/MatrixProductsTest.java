package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.lang.foreign.Arena;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Products of plain matrices, transposed or not, parts of greater ones or not, against loops. */
class MatrixProductsTest {
  record Case(String products, Element element, int m, int k, int n, int members) {}

  static Stream<Case> cases() {
    int[][] shapes = {
      {1, 1, 1},
      {3, 5, 7},
      {16, 64, 32},
      {65, 24, 130},
      {96, 300, 40},
      {2, 8, 333},
      {3, 700, 590},
      {1, 410, 300},
      {300, 410, 1}
    };
    return Stream.of(shapes)
        .flatMap(
            s ->
                Stream.of(
                    new Case("vector", Element.F32, s[0], s[1], s[2], 1),
                    new Case("vector", Element.F32, s[0], s[1], s[2], 2),
                    new Case("onednn", Element.F32, s[0], s[1], s[2], 2),
                    new Case("packing", Element.F32, s[0], s[1], s[2], 2),
                    new Case("onednn", Element.BF16, s[0], s[1], s[2], 1),
                    new Case("onednn", Element.BF16, s[0], s[1], s[2], 2)));
  }

  private static MatrixProducts open(String name, Workers workers) {
    if (name.equals("vector")) {
      return new VectorMatrixProducts(workers);
    }
    assumeThat(OneDnnTesting.whyNot()).as("oneDNN here").isNull();
    return name.equals("packing")
        ? new OneDnnMatrixProducts(workers, 0) // as it multiplies large matrices
        : new OneDnnMatrixProducts(workers);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void equalLoops(Case c) {
    Random random = new Random(c.toString().hashCode()); // the same in every JVM, unlike hashCode
    try (Workers workers = new Workers(c.members);
        MatrixProducts products = open(c.products, workers);
        Arena arena = Arena.ofShared()) {
      assumeThat(products.supports(c.element)).as("%s here", c.element).isTrue();
      for (int variant = 0; variant < 16; variant++) {
        Matrix a = random(arena, random, c.element, c.m, c.k, (variant & 1) != 0);
        Matrix b = random(arena, random, c.element, c.k, c.n, (variant & 2) != 0);
        boolean accumulate = (variant & 4) != 0;
        Element out = (variant & 8) != 0 && !accumulate ? c.element : Element.F32;
        Matrix result = random(arena, random, out, c.m, c.n, false);
        Sums sums = sums(a, b, result, accumulate);
        products.multiply(a, b, result, accumulate);
        String what = c + ", variant " + variant;
        double most = out == Element.BF16 ? 1.0 / 256 : 3e-6 * sums.cancelled();
        Matrices.assertClose(what, Matrices.values(result), sums.exact, most);
      }
    }
  }

  /** A part of a greater matrix, so that steps are not widths. */
  private static Matrix random(
      Arena arena, Random random, Element element, int rows, int cols, boolean transposed) {
    Matrix whole =
        transposed
            ? Matrices.random(arena, random, element, cols, rows + 3).transposed()
            : Matrices.random(arena, random, element, rows, cols + 3);
    return whole.rows(0, rows).cols(0, cols);
  }

  /**
   * What the product should be.
   *
   * @param exact the sums, row by row
   * @param sizes the sums of the terms' absolute values, which rounding errors go by
   */
  private record Sums(double[] exact, double[] sizes) {
    /** How much greater the terms are than what is left of them, at least 1. */
    double cancelled() {
      double left = DoubleStream.of(exact).map(Math::abs).max().orElseThrow();
      return Math.max(1, DoubleStream.of(sizes).max().orElseThrow() / left);
    }
  }

  private static Sums sums(Matrix a, Matrix b, Matrix c, boolean accumulate) {
    Sums sums = new Sums(new double[c.rows() * c.cols()], new double[c.rows() * c.cols()]);
    for (int i = 0; i < c.rows(); i++) {
      for (int j = 0; j < c.cols(); j++) {
        double sum = accumulate ? Matrices.get(c, i, j) : 0;
        double size = Math.abs(sum);
        for (int k = 0; k < a.cols(); k++) {
          double term = (double) Matrices.get(a, i, k) * Matrices.get(b, k, j);
          sum += term;
          size += Math.abs(term);
        }
        sums.exact[i * c.cols() + j] = sum;
        sums.sizes[i * c.cols() + j] = size;
      }
    }
    return sums;
  }

  @Test
  void shapesAreChecked() {
    try (Workers workers = new Workers(1);
        MatrixProducts products = new VectorMatrixProducts(workers);
        Arena arena = Arena.ofConfined()) {
      Matrix a = Matrix.allocate(arena, Element.F32, 2, 3);
      assertThatThrownBy(() -> products.multiply(a, a, a, false))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("Matrix(2, 3) F32 steps 3, 1 x Matrix(2, 3)");
      Matrix b = Matrix.allocate(arena, Element.BF16, 3, 2);
      assertThatThrownBy(() -> products.multiply(a, b, a, false))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
