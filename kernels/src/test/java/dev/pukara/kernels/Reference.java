package dev.pukara.kernels;

/**
 * Every operation of a training step and its derivative as plain loops in f64: what the kernels are
 * compared with. {@link ReferenceTest} proves the derivatives by finite differences.
 *
 * <p>Matrices are row-major arrays. A backward method adds to the gradients that it is given.
 */
final class Reference {
  private Reference() {}

  /** {@code y (rows, outputs) = x (rows, inputs) w^T}, w {@code (outputs, inputs)}. */
  static double[] linear(double[] x, double[] w, int rows, int inputs, int outputs) {
    double[] y = new double[rows * outputs];
    for (int i = 0; i < rows; i++) {
      for (int o = 0; o < outputs; o++) {
        for (int k = 0; k < inputs; k++) {
          y[i * outputs + o] += x[i * inputs + k] * w[o * inputs + k];
        }
      }
    }
    return y;
  }

  /** {@code dx += dy w}, {@code dw += dy^T x}. */
  static void linearBackward(
      double[] dy, double[] x, double[] w, int rows, int inputs, double[] dx, double[] dw) {
    int outputs = dy.length / rows;
    for (int i = 0; i < rows; i++) {
      for (int o = 0; o < outputs; o++) {
        for (int k = 0; k < inputs; k++) {
          dx[i * inputs + k] += dy[i * outputs + o] * w[o * inputs + k];
          dw[o * inputs + k] += dy[i * outputs + o] * x[i * inputs + k];
        }
      }
    }
  }

  /** RMSNorm (arXiv 1910.07467). */
  static double[] rmsNorm(double[] x, double[] gain, double eps) {
    int width = gain.length;
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i += width) {
      double factor = rmsFactor(x, i, width, eps);
      for (int j = 0; j < width; j++) {
        y[i + j] = x[i + j] * factor * gain[j];
      }
    }
    return y;
  }

  static double rmsFactor(double[] x, int at, int width, double eps) {
    double squares = 0;
    for (int j = 0; j < width; j++) {
      squares += x[at + j] * x[at + j];
    }
    return 1 / Math.sqrt(squares / width + eps);
  }

  /**
   * With {@code n = x * factor}, {@code g = dy * gain}: {@code dx += factor * (g - n * mean(g *
   * n))}, {@code dGain += dy * n}.
   */
  static void rmsNormBackward(
      double[] dy, double[] x, double[] gain, double eps, double[] dx, double[] dGain) {
    int width = gain.length;
    for (int i = 0; i < x.length; i += width) {
      double factor = rmsFactor(x, i, width, eps);
      double mean = 0;
      for (int j = 0; j < width; j++) {
        mean += dy[i + j] * gain[j] * x[i + j] * factor / width;
      }
      for (int j = 0; j < width; j++) {
        double normed = x[i + j] * factor;
        dx[i + j] += factor * (dy[i + j] * gain[j] - normed * mean);
        dGain[j] += dy[i + j] * normed;
      }
    }
  }

  /** {@code silu(gate) * up} of rows {@code gate | up}. */
  static double[] swiglu(double[] gateUp, int width) {
    int rows = gateUp.length / (2 * width);
    double[] y = new double[rows * width];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < width; j++) {
        double gate = gateUp[2 * i * width + j];
        y[i * width + j] = gate / (1 + Math.exp(-gate)) * gateUp[(2 * i + 1) * width + j];
      }
    }
    return y;
  }

  /** {@code silu' = s * (1 + gate * (1 - s))} with {@code s} the logistic function of the gate. */
  static void swigluBackward(double[] dy, double[] gateUp, int width, double[] dGateUp) {
    for (int i = 0; i < dy.length / width; i++) {
      for (int j = 0; j < width; j++) {
        double gate = gateUp[2 * i * width + j];
        double up = gateUp[(2 * i + 1) * width + j];
        double logistic = 1 / (1 + Math.exp(-gate));
        double d = dy[i * width + j];
        dGateUp[2 * i * width + j] += d * up * logistic * (1 + gate * (1 - logistic));
        dGateUp[(2 * i + 1) * width + j] += d * gate * logistic;
      }
    }
  }

  /**
   * Rotates the pairs {@code (j, j + size/2)} of queries and keys in rows {@code queries | keys |
   * values} by {@code direction * position * frequency}; values stay. Its derivative is itself with
   * the other direction.
   */
  static double[] rope(
      double[] qkv, RowTree tree, Heads heads, float[] frequencies, int direction) {
    double[] y = qkv.clone();
    int size = heads.size();
    int half = size / 2;
    for (int i = 0; i < tree.rows(); i++) {
      for (int head = 0; head < heads.queryHeads() + heads.kvHeads(); head++) {
        for (int j = 0; j < half; j++) {
          double angle = direction * (double) (tree.position(i) * frequencies[j]);
          int at = i * heads.qkvWidth() + head * size + j;
          y[at] = qkv[at] * Math.cos(angle) - qkv[at + half] * Math.sin(angle);
          y[at + half] = qkv[at + half] * Math.cos(angle) + qkv[at] * Math.sin(angle);
        }
      }
    }
    return y;
  }

  /** Grouped-query attention of each row to the rows that it sees: {@code (rows, heads * size)}. */
  static double[] attention(double[] qkv, RowTree tree, Heads heads) {
    int size = heads.size();
    int width = heads.queryHeads() * size;
    double[] y = new double[tree.rows() * width];
    for (int i = 0; i < tree.rows(); i++) {
      for (int head = 0; head < heads.queryHeads(); head++) {
        double[] p = probabilities(qkv, tree, heads, i, head);
        for (int j = 0; j <= i; j++) {
          int value = valueAt(heads, j, head);
          for (int k = 0; k < size; k++) {
            y[i * width + head * size + k] += p[j] * qkv[value + k];
          }
        }
      }
    }
    return y;
  }

  /** Zero for rows that are not seen. */
  private static double[] probabilities(
      double[] qkv, RowTree tree, Heads heads, int row, int head) {
    double[] p = new double[row + 1];
    double max = Double.NEGATIVE_INFINITY;
    for (int j = 0; j <= row; j++) {
      if (tree.sees(row, j)) {
        for (int k = 0; k < heads.size(); k++) {
          p[j] += qkv[queryAt(heads, row, head) + k] * qkv[keyAt(heads, j, head) + k];
        }
        p[j] /= Math.sqrt(heads.size());
        max = Math.max(max, p[j]);
      }
    }
    double sum = 0;
    for (int j = 0; j <= row; j++) {
      p[j] = tree.sees(row, j) ? Math.exp(p[j] - max) : 0;
      sum += p[j];
    }
    for (int j = 0; j <= row; j++) {
      p[j] /= sum;
    }
    return p;
  }

  /**
   * With {@code dp = dy v}, {@code ds = p * (dp - sum(p * dp)) / sqrt(size)}: {@code dq += ds k},
   * {@code dk += ds^T q}, {@code dv += p^T dy}.
   */
  static void attentionBackward(
      double[] dy, double[] qkv, RowTree tree, Heads heads, double[] dQkv) {
    int size = heads.size();
    for (int i = 0; i < tree.rows(); i++) {
      for (int head = 0; head < heads.queryHeads(); head++) {
        double[] p = probabilities(qkv, tree, heads, i, head);
        int out = (i * heads.queryHeads() + head) * size;
        double[] dp = new double[p.length];
        double mean = 0;
        for (int j = 0; j <= i; j++) {
          for (int k = 0; k < size; k++) {
            dp[j] += dy[out + k] * qkv[valueAt(heads, j, head) + k];
          }
          mean += p[j] * dp[j];
        }
        for (int j = 0; j <= i; j++) {
          double ds = p[j] * (dp[j] - mean) / Math.sqrt(size);
          for (int k = 0; k < size; k++) {
            dQkv[queryAt(heads, i, head) + k] += ds * qkv[keyAt(heads, j, head) + k];
            dQkv[keyAt(heads, j, head) + k] += ds * qkv[queryAt(heads, i, head) + k];
            dQkv[valueAt(heads, j, head) + k] += p[j] * dy[out + k];
          }
        }
      }
    }
  }

  private static int queryAt(Heads heads, int row, int head) {
    return row * heads.qkvWidth() + head * heads.size();
  }

  private static int keyAt(Heads heads, int row, int head) {
    int kvHead = head / (heads.queryHeads() / heads.kvHeads());
    return row * heads.qkvWidth() + (heads.queryHeads() + kvHead) * heads.size();
  }

  private static int valueAt(Heads heads, int row, int head) {
    return keyAt(heads, row, head) + heads.kvHeads() * heads.size();
  }

  /** {@code -sum(distribution * log softmax(logits))}. */
  static double crossEntropy(double[] logits, double[] distribution) {
    double log = logSum(logits);
    double loss = 0;
    for (int i = 0; i < logits.length; i++) {
      loss -= distribution[i] * (logits[i] - log);
    }
    return loss;
  }

  /** {@code dLogits += sum(distribution) * softmax(logits) - distribution}. */
  static void crossEntropyBackward(double[] logits, double[] distribution, double[] dLogits) {
    double log = logSum(logits);
    double mass = 0;
    for (double d : distribution) {
      mass += d;
    }
    for (int i = 0; i < logits.length; i++) {
      dLogits[i] += mass * Math.exp(logits[i] - log) - distribution[i];
    }
  }

  private static double logSum(double[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (double logit : logits) {
      sum += Math.exp(logit - max);
    }
    return max + Math.log(sum);
  }
}
