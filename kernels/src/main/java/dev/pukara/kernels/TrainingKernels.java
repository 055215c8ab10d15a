package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * The row-wise operations of a training step, forward and backward, fused so that every value is
 * read and written as seldom as possible. Products are {@link MatrixProducts}', attention is {@link
 * TreeAttention}'s.
 *
 * <p>Matrices that feed products are f32 or bf16, all the same; residual stream, gradients of it
 * and gains are f32. A gain, and its gradient, is a matrix of one row.
 *
 * <p>Results depend on the number of workers only through the order of sums over rows.
 *
 * <p>Threads: an instance is used by one thread at a time.
 */
public final class TrainingKernels implements AutoCloseable {
  private final Workers workers;
  private final NativeBuffer partial = new NativeBuffer();

  /** Kernels that spread their work over {@code workers}, which stay their owner's. */
  public TrainingKernels(Workers workers) {
    this.workers = workers;
  }

  /** The team. */
  public Workers workers() {
    return workers;
  }

  private static void require(boolean condition, String what, Object... matrices) {
    if (!condition) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s of %s", what, Arrays.toString(matrices)));
    }
  }

  private static boolean plain(Matrix... matrices) {
    for (Matrix matrix : matrices) {
      if (matrix.colStep() != 1) {
        return false;
      }
    }
    return true;
  }

  private static boolean f32(Matrix... matrices) {
    for (Matrix matrix : matrices) {
      if (matrix.element() != Element.F32 || matrix.colStep() != 1) {
        return false;
      }
    }
    return true;
  }

  private static boolean isRow(Matrix matrix, int cols) {
    return matrix.rows() == 1 && matrix.cols() == cols;
  }

  private static boolean sameShape(Matrix first, Matrix... others) {
    for (Matrix other : others) {
      if (other.rows() != first.rows() || other.cols() != first.cols()) {
        return false;
      }
    }
    return true;
  }

  /**
   * {@code x += residual}, then {@link #rmsNorm}: a product leaves its result in {@code x}, which
   * so becomes the residual stream.
   */
  public void addAndNorm(
      Matrix residual, Matrix x, Matrix gain, float eps, Matrix factors, Matrix out) {
    require(f32(residual) && sameShape(residual, x), "residual", residual, x);
    norm(Optional.of(residual), x, gain, eps, factors, out);
  }

  /**
   * {@code out = x * factor * gain}, {@code factor = 1 / sqrt(mean(x^2) + eps)} per row.
   *
   * @param factors {@code (1, rows)}: takes the factors, for the backward pass
   */
  public void rmsNorm(Matrix x, Matrix gain, float eps, Matrix factors, Matrix out) {
    norm(Optional.empty(), x, gain, eps, factors, out);
  }

  private void norm(
      Optional<Matrix> residual, Matrix x, Matrix gain, float eps, Matrix factors, Matrix out) {
    require(
        f32(x, gain, factors)
            && sameShape(x, out)
            && plain(out)
            && isRow(gain, x.cols())
            && factors.rows() == 1
            && factors.cols() >= x.rows(),
        "norm",
        x,
        gain,
        factors,
        out);
    boolean bf16 = out.element() == Element.BF16;
    workers.split(
        x.rows(),
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            if (residual.isPresent()) {
              Rows.put(residual.get().address(i, 0), x.cols(), true, x.address(i, 0));
            }
            float factor = Rows.rmsFactor(x.address(i, 0), x.cols(), eps);
            Lanes.putFloat(factors.address(0, i), factor);
            TrainingRows.norm(
                x.address(i, 0), factor, gain.address(), x.cols(), bf16, out.address(i, 0));
          }
        });
  }

  /**
   * The way back through {@link #rmsNorm}.
   *
   * @param dy gradient of its result, f32
   * @param dx gradient of x: is added to
   * @param dGain gradient of the gain: is added to
   * @param normed takes the result of the forward pass once more
   * @param dxCopy takes what {@code dx} then holds, for the next product; {@code dx} itself if that
   *     reads f32
   */
  public void rmsNormBackward(
      Matrix dy,
      Matrix x,
      Matrix gain,
      Matrix factors,
      Matrix dx,
      Matrix dGain,
      Matrix normed,
      Matrix dxCopy) {
    require(
        f32(dy, x, gain, factors, dx, dGain)
            && plain(normed, dxCopy)
            && sameShape(x, dy, dx, normed, dxCopy)
            && normed.element() == dxCopy.element()
            && factors.rows() == 1
            && factors.cols() >= x.rows()
            && isRow(gain, x.cols())
            && isRow(dGain, x.cols()),
        "norm's gradient",
        dy,
        x,
        gain,
        factors,
        dx,
        dGain,
        normed,
        dxCopy);
    int width = x.cols();
    int members = workers.members();
    long partials = partial.address(4L * width * members);
    Lanes.zero(partials, 4L * width * members);
    boolean bf16 = normed.element() == Element.BF16;
    workers.run(
        (member, all) -> {
          int to = (int) ((long) x.rows() * (member + 1) / all);
          long sum = partials + 4L * width * member;
          for (int i = (int) ((long) x.rows() * member / all); i < to; i++) {
            float factor = Lanes.getFloat(factors.address(0, i));
            float dot =
                TrainingRows.dotOfThree(dy.address(i, 0), gain.address(), x.address(i, 0), width);
            TrainingRows.normBackward(
                dy.address(i, 0),
                x.address(i, 0),
                gain.address(),
                factor,
                factor * factor * factor * dot / width,
                width,
                dx.address(i, 0),
                sum,
                bf16,
                normed.address(i, 0),
                dxCopy.address(i, 0));
          }
        });
    for (int member = 0; member < members; member++) {
      TrainingRows.addScaled(partials + 4L * width * member, 1, width, dGain.address());
    }
  }

  /** {@code out = silu(gate) * up}; a row of {@code gateUp} is gate, then up. */
  public void swiglu(Matrix gateUp, Matrix out) {
    requireSwiglu(gateUp, out, out);
    boolean bf16 = out.element() == Element.BF16;
    int width = out.cols();
    workers.split(
        out.rows(),
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            long gate = gateUp.address(i, 0);
            TrainingRows.swiglu(gate, gateUp.address(i, width), width, bf16, out.address(i, 0));
          }
        });
  }

  /**
   * The way back through {@link #swiglu}.
   *
   * @param dOut gradient of its result
   * @param gateUp what went in; is replaced by its gradient
   * @param out takes the result of the forward pass once more
   */
  public void swigluBackward(Matrix dOut, Matrix gateUp, Matrix out) {
    requireSwiglu(gateUp, dOut, out);
    boolean bf16 = out.element() == Element.BF16;
    int width = out.cols();
    long room = 8L * width;
    long scratch = partial.address(room * workers.members());
    workers.run(
        (member, members) -> {
          int to = (int) ((long) out.rows() * (member + 1) / members);
          for (int i = (int) ((long) out.rows() * member / members); i < to; i++) {
            TrainingRows.swigluBackward(
                dOut.address(i, 0),
                gateUp.address(i, 0),
                gateUp.address(i, width),
                width,
                bf16,
                out.address(i, 0),
                scratch + room * member);
          }
        });
  }

  private static void requireSwiglu(Matrix gateUp, Matrix dOut, Matrix out) {
    require(
        plain(gateUp, dOut, out)
            && sameShape(out, dOut)
            && gateUp.rows() == out.rows()
            && gateUp.cols() == 2 * out.cols()
            && gateUp.element() == out.element()
            && dOut.element() == out.element(),
        "swiglu",
        gateUp,
        dOut,
        out);
  }

  /** Copies f32 rows into {@code out}, rounding if that is bf16. */
  public void convert(Matrix x, Matrix out) {
    require(f32(x) && plain(out) && sameShape(x, out), "copy", x, out);
    boolean bf16 = out.element() == Element.BF16;
    workers.split(
        x.rows(),
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            TrainingRows.convert(x.address(i, 0), x.cols(), bf16, out.address(i, 0));
          }
        });
  }

  /** {@code sum(x[i] * y[j])}, rows of f32 matrices. */
  public static float dot(Matrix x, int i, Matrix y, int j) {
    require(f32(x, y) && x.cols() == y.cols(), "inner product", x, y);
    return TrainingRows.dot(x.rows(i, 1).address(), y.rows(j, 1).address(), x.cols());
  }

  /** {@code out[j] += x[i] * factor}, rows of f32 matrices. */
  public static void addScaled(Matrix x, int i, float factor, Matrix out, int j) {
    require(f32(x, out) && x.cols() == out.cols(), "scaled sum", x, out);
    TrainingRows.addScaled(x.rows(i, 1).address(), factor, x.cols(), out.rows(j, 1).address());
  }

  /** Sum of the squares of all values, in an order that does not depend on the workers. */
  public double squares(Matrix x) {
    require(f32(x), "sum of squares", x);
    double[] rows = new double[x.rows()];
    workers.split(
        x.rows(),
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            rows[i] = OptimizerRows.squares(x.address(i, 0), x.cols());
          }
        });
    double sum = 0;
    for (double row : rows) {
      sum += row;
    }
    return sum;
  }

  /**
   * One step of AdamW over matrices of the same shape.
   *
   * @param average moving average of the weights, if one is kept
   * @param copy takes the new weights as bf16, if products read that
   */
  public void adam(
      AdamStep step,
      Matrix weights,
      Matrix gradients,
      Matrix means,
      Matrix squares,
      Optional<Matrix> average,
      Optional<Matrix> copy) {
    require(
        f32(weights, gradients, means, squares)
            && sameShape(weights, gradients, means, squares)
            && f32(average.orElse(weights))
            && sameShape(weights, average.orElse(weights), copy.orElse(weights))
            && copy.orElse(weights).colStep() == 1
            && copy.map(Matrix::element).orElse(Element.BF16) == Element.BF16,
        "AdamW",
        weights,
        gradients,
        means,
        squares,
        average,
        copy);
    workers.split(
        weights.rows(),
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            OptimizerRows.adam(
                step,
                weights.address(i, 0),
                gradients.address(i, 0),
                means.address(i, 0),
                squares.address(i, 0),
                average.isPresent() ? average.get().address(i, 0) : 0,
                copy.isPresent() ? copy.get().address(i, 0) : 0,
                weights.cols());
          }
        });
  }

  /**
   * Rounds every row of weights as {@code format} would store it: what quantisation-aware training
   * computes with.
   *
   * @param out f32 or bf16; may be {@code weights} itself
   */
  public void roundTo(BlockFormat format, Matrix weights, Matrix out) {
    require(f32(weights) && plain(out) && sameShape(weights, out), "rounding", weights, out);
    int cols = weights.cols();
    boolean bf16 = out.element() == Element.BF16;
    workers.split(
        weights.rows(),
        1,
        (from, to) -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment stored = arena.allocate(format.bytesOf(cols), 8);
            MemorySegment values = arena.allocate(4L * cols, 64);
            for (int i = from; i < to; i++) {
              format.encode(Lanes.ALL, weights.address(i, 0), cols, stored);
              format.decode(stored, 0, cols, values, 0);
              TrainingRows.convert(values.address(), cols, bf16, out.address(i, 0));
            }
          }
        });
  }

  /** Sets all values of a plain f32 matrix to zero. */
  public void zero(Matrix x) {
    require(f32(x) && x.rowStep() == x.cols(), "zeroing", x);
    workers.split(
        x.rows(), 1, (from, to) -> Lanes.zero(x.address(from, 0), 4L * (to - from) * x.cols()));
  }

  @Override
  public void close() {
    partial.close();
  }
}
