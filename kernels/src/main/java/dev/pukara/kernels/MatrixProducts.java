package dev.pukara.kernels;

import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Products of matrices that lie in memory as they are, nothing packed beforehand: what training
 * needs, where every matrix is used once or twice and then changes.
 *
 * <p>Threads: {@link #multiply(Matrix, Matrix, Matrix, boolean)} spreads one product over the
 * workers; the other method runs one product on the calling member of the team.
 */
public interface MatrixProducts extends AutoCloseable {
  /** Name for logs: {@code onednn}. */
  String name();

  /** True if matrices of {@code element} can be multiplied fast here. */
  boolean supports(Element element);

  /**
   * {@code c = a b}, or {@code c += a b}. Sums are f32.
   *
   * @param a {@code (m, k)}, f32 or bf16, perhaps transposed
   * @param b {@code (k, n)}, of the same element as {@code a}, perhaps transposed
   * @param c {@code (m, n)}, f32 or, unless {@code accumulate}, of the element of {@code a}; not
   *     transposed
   */
  void multiply(Matrix a, Matrix b, Matrix c, boolean accumulate);

  /** The same on the calling thread, which is member {@code member} of the team, alone. */
  void multiply(int member, Matrix a, Matrix b, Matrix c, boolean accumulate);

  /** Frees what was compiled; the workers are their owner's. */
  @Override
  void close();

  /** The fastest products that this JVM can run. */
  static MatrixProducts best(Workers workers) {
    Logger log = LoggerFactory.getLogger(MatrixProducts.class);
    try {
      return new OneDnnMatrixProducts(workers);
    } catch (IllegalStateException e) {
      log.warn("training without oneDNN, in f32: {}", e.getMessage());
      return new VectorMatrixProducts(workers);
    }
  }

  /** Checks the shapes of a product. */
  static void check(Matrix a, Matrix b, Matrix c, boolean accumulate) {
    boolean shapes = a.cols() == b.rows() && a.rows() == c.rows() && b.cols() == c.cols();
    boolean elements =
        a.element() == b.element()
            && (c.element() == Element.F32 || (c.element() == a.element() && !accumulate));
    if (!shapes || !elements || c.colStep() != 1) {
      throw new IllegalArgumentException(String.format(Locale.ROOT, "%s x %s into %s", a, b, c));
    }
  }

  /** How a product is spread: ranges of rows of {@code c}, or of columns where these are many. */
  static void split(
      Workers workers, MatrixProducts products, Matrix a, Matrix b, Matrix c, boolean accumulate) {
    int grain = 16;
    boolean byRows = c.rows() >= c.cols() || c.rows() >= 4 * grain * workers.members();
    int count = byRows ? c.rows() : c.cols();
    int units = (count + grain - 1) / grain;
    workers.run(
        (member, members) -> {
          int from = Math.min(count, (int) ((long) units * member / members) * grain);
          int length =
              Math.min(count, (int) ((long) units * (member + 1) / members) * grain) - from;
          if (length > 0 && byRows) {
            products.multiply(member, a.rows(from, length), b, c.rows(from, length), accumulate);
          } else if (length > 0) {
            products.multiply(member, a, b.cols(from, length), c.cols(from, length), accumulate);
          }
        });
  }
}
