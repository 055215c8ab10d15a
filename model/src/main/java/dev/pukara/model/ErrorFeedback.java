package dev.pukara.model;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Tensor;
import dev.pukara.kernels.Workers;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Rounds rows of weights column by column, those that read the most first, and lets the columns
 * that are still to come make up for each column's error, as far as the inputs go together.
 *
 * <p>Source: "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers"
 * (arXiv 2210.17323), without its blocks of columns, since a row stays in the cache. A block's
 * scale is chosen before, so that the order of the columns is free.
 */
final class ErrorFeedback {
  /** Added to the diagonal, as a part of its median. */
  private static final double DAMPING = 0.01;

  /** Scales that are tried, as parts of the one that just holds the greatest value. */
  private static final float[] SCALES = {
    0.70f, 0.75f, 0.79f, 0.82f, 0.85f, 0.88f, 0.91f, 0.94f, 0.97f, 1, 1.03f, 1.07f, 1.1428f
  };

  /** Columns by how much they read. */
  private final int[] order;

  /** What each column reads: the moments' diagonal, damped. */
  private final float[] importance;

  /**
   * Upper triangle {@code U} with {@code U^T U} = inverse of the moments, columns in {@link
   * #order}; row j starts at j.
   */
  private final float[][] upper;

  private ErrorFeedback(int[] order, float[] importance, float[][] upper) {
    this.order = order;
    this.importance = importance;
    this.upper = upper;
  }

  /** For a layer whose inputs have these moments {@code (inputs, inputs)}. */
  static ErrorFeedback of(Tensor moments, Workers workers) {
    int n = moments.rows();
    float[] diagonal = new float[n];
    for (int i = 0; i < n; i++) {
      diagonal[i] = moments.row(i)[i];
    }
    int[] order =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.comparing(i -> -diagonal[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double damping = Math.max(DAMPING * diagonal[order[n - 1 - n / 2]], 1e-9);
    double[][] damped = new double[n][n];
    for (int i = 0; i < n; i++) {
      float[] row = moments.row(order[i]);
      for (int j = 0; j < n; j++) {
        damped[i][j] = row[order[j]];
      }
      damped[i][i] += damping;
    }
    for (int i = 0; i < n; i++) {
      diagonal[i] += (float) damping;
    }
    factor(damped, workers);
    return new ErrorFeedback(order, diagonal, inverse(damped));
  }

  /** Replaces the upper triangle of {@code h} by upper {@code R} with {@code R R^T = h}. */
  private static void factor(double[][] h, Workers workers) {
    int n = h.length;
    for (int j = n - 1; j >= 0; j--) {
      double[] row = h[j];
      int col = j;
      double pivot = Math.sqrt(Math.max(row[j] - dot(row, row, j + 1, n), 1e-12));
      row[j] = pivot;
      workers.split(
          j,
          32,
          (from, to) -> {
            for (int i = from; i < to; i++) {
              h[i][col] = (h[i][col] - dot(h[i], row, col + 1, n)) / pivot;
            }
          });
    }
  }

  /** In two sums, so that one addition need not wait for the other. */
  private static double dot(double[] a, double[] b, int from, int to) {
    double even = 0;
    double odd = 0;
    int k = from;
    for (; k + 1 < to; k += 2) {
      even += a[k] * b[k];
      odd += a[k + 1] * b[k + 1];
    }
    return k < to ? even + odd + a[k] * b[k] : even + odd;
  }

  /** The inverse of an upper triangle, in rows that start at the diagonal. */
  private static float[][] inverse(double[][] r) {
    int n = r.length;
    double[][] inverse = new double[n][n];
    float[][] rows = new float[n][];
    for (int i = n - 1; i >= 0; i--) {
      double[] row = inverse[i];
      for (int k = i + 1; k < n; k++) {
        double factor = r[i][k];
        double[] below = inverse[k];
        for (int j = k; j < n; j++) {
          row[j] -= factor * below[j];
        }
      }
      row[i] = 1;
      rows[i] = new float[n - i];
      for (int j = i; j < n; j++) {
        row[j] /= r[i][i];
        rows[i][j - i] = (float) row[j];
      }
    }
    return rows;
  }

  /**
   * Rounds one row.
   *
   * @param row what shall be stored
   * @param format a {@linkplain BlockFormat#isScaled() scaled} one
   * @param out takes the stored row
   */
  void round(float[] row, BlockFormat format, MemorySegment out) {
    int size = format.blockValues();
    float[] scales = new float[row.length / size];
    for (int block = 0; block < scales.length; block++) {
      scales[block] = scale(row, block * size, format);
    }
    int[] codes = codes(row, scales, format);
    for (int block = 0; block < scales.length; block++) {
      int[] own = Arrays.copyOfRange(codes, block * size, (block + 1) * size);
      format.encodeCodes(scales[block], own, out, block);
    }
  }

  private int[] codes(float[] row, float[] scales, BlockFormat format) {
    int cols = row.length;
    float[] left = new float[cols];
    for (int i = 0; i < cols; i++) {
      left[i] = row[order[i]];
    }
    int[] codes = new int[cols];
    for (int i = 0; i < cols; i++) {
      float scale = scales[order[i] / format.blockValues()];
      int code = code(scale == 0 ? 0 : left[i] / scale, format);
      codes[order[i]] = code;
      float[] weights = upper[i];
      float error = (left[i] - scale * code) / weights[0];
      for (int k = 1; k < weights.length; k++) {
        left[i + k] -= error * weights[k];
      }
    }
    return codes;
  }

  private float scale(float[] row, int start, BlockFormat format) {
    float greatest = 0;
    for (int j = start; j < start + format.blockValues(); j++) {
      greatest = Math.max(greatest, Math.abs(row[j]));
    }
    float best = 0;
    float least = Float.POSITIVE_INFINITY;
    for (float part : SCALES) {
      for (int sign = -1; sign <= 1; sign += 2) {
        float scale = half(sign * part * greatest / -format.codeMin());
        float loss = loss(row, start, scale, format);
        if (scale != 0 && loss < least) {
          least = loss;
          best = scale;
        }
      }
    }
    return best;
  }

  private float loss(float[] row, int start, float scale, BlockFormat format) {
    float inverse = 1 / scale;
    float loss = 0;
    for (int j = start; j < start + format.blockValues(); j++) {
      float error = row[j] - scale * code(row[j] * inverse, format);
      loss += error * error * importance[j];
    }
    return loss;
  }

  private static int code(float scaled, BlockFormat format) {
    return Math.clamp(Math.round(scaled), format.codeMin(), format.codeMax());
  }

  private static float half(float value) {
    return Float.float16ToFloat(Float.floatToFloat16(value));
  }
}
