package dev.pukara.kernels;

import jdk.incubator.vector.FloatVector;

/**
 * Vector math of single rows for {@link TrainingKernels}; {@code Reference} in the tests has the
 * formulas.
 */
final class TrainingRows {
  private TrainingRows() {}

  /** {@code out = x * factor * gain}. */
  static void norm(long x, float factor, long gain, int n, boolean bf16, long out) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector value = Lanes.load(x + 4L * j).mul(factor).mul(Lanes.load(gain + 4L * j));
      ElementLanes.store(bf16, out, j, value);
    }
    if (j < n) {
      FloatVector value =
          Lanes.load(x + 4L * j, n - j).mul(factor).mul(Lanes.load(gain + 4L * j, n - j));
      ElementLanes.store(bf16, out, j, n, value);
    }
  }

  /** {@code sum(dy * gain * x)}. */
  static float dotOfThree(long dy, long gain, long x, int n) {
    FloatVector sum = FloatVector.zero(Lanes.F);
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector g = Lanes.load(dy + 4L * j).mul(Lanes.load(gain + 4L * j));
      sum = g.fma(Lanes.load(x + 4L * j), sum);
    }
    if (j < n) {
      FloatVector g = Lanes.load(dy + 4L * j, n - j).mul(Lanes.load(gain + 4L * j, n - j));
      sum = g.fma(Lanes.load(x + 4L * j, n - j), sum);
    }
    return Lanes.sum(sum);
  }

  /**
   * {@code dx += dy * gain * factor - x * slope}, {@code dGain += dy * x * factor}, {@code normed =
   * x * factor * gain}, {@code copy = dx}.
   */
  static void normBackward(
      long dy,
      long x,
      long gain,
      float factor,
      float slope,
      int n,
      long dx,
      long dGain,
      boolean bf16,
      long normed,
      long copy) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector d = Lanes.load(dy + 4L * j).mul(factor);
      FloatVector value = Lanes.load(x + 4L * j);
      FloatVector g = Lanes.load(gain + 4L * j);
      FloatVector gradient = d.fma(g, Lanes.load(dx + 4L * j)).sub(value.mul(slope));
      Lanes.store(dx + 4L * j, gradient);
      Lanes.store(dGain + 4L * j, d.fma(value, Lanes.load(dGain + 4L * j)));
      ElementLanes.store(bf16, normed, j, value.mul(factor).mul(g));
      ElementLanes.store(bf16, copy, j, gradient);
    }
    if (j < n) {
      int rest = n - j;
      FloatVector d = Lanes.load(dy + 4L * j, rest).mul(factor);
      FloatVector value = Lanes.load(x + 4L * j, rest);
      FloatVector g = Lanes.load(gain + 4L * j, rest);
      FloatVector gradient = d.fma(g, Lanes.load(dx + 4L * j, rest)).sub(value.mul(slope));
      Lanes.store(dx + 4L * j, gradient, rest);
      Lanes.store(dGain + 4L * j, d.fma(value, Lanes.load(dGain + 4L * j, rest)), rest);
      ElementLanes.store(bf16, normed, j, n, value.mul(factor).mul(g));
      ElementLanes.store(bf16, copy, j, n, gradient);
    }
  }

  /** {@code out = silu(gate) * up}. */
  static void swiglu(long gate, long up, int n, boolean bf16, long out) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector g = ElementLanes.load(bf16, gate, j);
      FloatVector u = ElementLanes.load(bf16, up, j);
      ElementLanes.store(bf16, out, j, g.mul(logistic(g)).mul(u));
    }
    if (j < n) {
      FloatVector g = ElementLanes.load(bf16, gate, j, n);
      FloatVector u = ElementLanes.load(bf16, up, j, n);
      ElementLanes.store(bf16, out, j, n, g.mul(logistic(g)).mul(u));
    }
  }

  /**
   * Replaces gate and up by their gradients; {@code out} gets what {@link #swiglu} yields.
   *
   * <p>In stages, with f32 rows between them in the cache, for the reason that {@code
   * TreeTasks.Phase} tells.
   *
   * @param scratch room for {@code 2 n} floats
   */
  static void swigluBackward(
      long dOut, long gate, long up, int n, boolean bf16, long out, long scratch) {
    for (SwigluStage stage : SWIGLU_BACKWARD) {
      stage.run(dOut, gate, up, n, bf16, out, scratch);
    }
  }

  /** Addresses as {@link #swigluBackward} has them. */
  @FunctionalInterface
  private interface SwigluStage {
    void run(long dOut, long gate, long up, int n, boolean bf16, long out, long scratch);
  }

  private static final SwigluStage[] SWIGLU_BACKWARD = {
    (_, gate, _, n, bf16, _, scratch) -> gates(gate, n, bf16, scratch, scratch + 4L * n),
    (dOut, gate, up, n, bf16, _, scratch) -> gateGradient(dOut, gate, up, n, bf16, scratch),
    (dOut, _, up, n, bf16, out, scratch) -> upGradient(dOut, up, n, bf16, scratch + 4L * n, out)
  };

  /** {@code logistic = 1 / (1 + exp(-gate))}, {@code silu = gate * logistic}, both f32. */
  private static void gates(long gate, int n, boolean bf16, long logistic, long silu) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector g = ElementLanes.load(bf16, gate, j);
      FloatVector s = logistic(g);
      Lanes.store(logistic + 4L * j, s);
      Lanes.store(silu + 4L * j, g.mul(s));
    }
    if (j < n) {
      FloatVector g = ElementLanes.load(bf16, gate, j, n);
      FloatVector s = logistic(g);
      Lanes.store(logistic + 4L * j, s, n - j);
      Lanes.store(silu + 4L * j, g.mul(s), n - j);
    }
  }

  private static void gateGradient(
      long dOut, long gate, long up, int n, boolean bf16, long logistic) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector du = ElementLanes.load(bf16, dOut, j).mul(ElementLanes.load(bf16, up, j));
      FloatVector g = ElementLanes.load(bf16, gate, j);
      ElementLanes.store(bf16, gate, j, dGate(du, g, Lanes.load(logistic + 4L * j)));
    }
    if (j < n) {
      FloatVector du = ElementLanes.load(bf16, dOut, j, n).mul(ElementLanes.load(bf16, up, j, n));
      FloatVector g = ElementLanes.load(bf16, gate, j, n);
      ElementLanes.store(bf16, gate, j, n, dGate(du, g, Lanes.load(logistic + 4L * j, n - j)));
    }
  }

  private static void upGradient(long dOut, long up, int n, boolean bf16, long silu, long out) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector s = Lanes.load(silu + 4L * j);
      ElementLanes.store(bf16, out, j, s.mul(ElementLanes.load(bf16, up, j)));
      ElementLanes.store(bf16, up, j, s.mul(ElementLanes.load(bf16, dOut, j)));
    }
    if (j < n) {
      FloatVector s = Lanes.load(silu + 4L * j, n - j);
      ElementLanes.store(bf16, out, j, n, s.mul(ElementLanes.load(bf16, up, j, n)));
      ElementLanes.store(bf16, up, j, n, s.mul(ElementLanes.load(bf16, dOut, j, n)));
    }
  }

  private static FloatVector logistic(FloatVector x) {
    FloatVector one = FloatVector.broadcast(Lanes.F, 1);
    return one.div(Exponential.exp(x.neg()).add(one));
  }

  /** {@code du * s * (1 + g * (1 - s))}. */
  private static FloatVector dGate(FloatVector du, FloatVector g, FloatVector s) {
    FloatVector one = FloatVector.broadcast(Lanes.F, 1);
    return du.mul(s).mul(g.fma(one.sub(s), one));
  }

  /** {@code out = x}. */
  static void convert(long x, int n, boolean bf16, long out) {
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      ElementLanes.store(bf16, out, j, Lanes.load(x + 4L * j));
    }
    if (j < n) {
      ElementLanes.store(bf16, out, j, n, Lanes.load(x + 4L * j, n - j));
    }
  }

  /** {@code sum(x * y)}. */
  static float dot(long x, long y, int n) {
    FloatVector sum = FloatVector.zero(Lanes.F);
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      sum = Lanes.load(x + 4L * j).fma(Lanes.load(y + 4L * j), sum);
    }
    if (j < n) {
      sum = Lanes.load(x + 4L * j, n - j).fma(Lanes.load(y + 4L * j, n - j), sum);
    }
    return Lanes.sum(sum);
  }

  /** {@code out += x * factor}. */
  static void addScaled(long x, float factor, int n, long out) {
    FloatVector f = FloatVector.broadcast(Lanes.F, factor);
    int j = 0;
    for (; j + Lanes.COUNT <= n; j += Lanes.COUNT) {
      FloatVector sum = Lanes.load(x + 4L * j).fma(f, Lanes.load(out + 4L * j));
      Lanes.store(out + 4L * j, sum);
    }
    if (j < n) {
      FloatVector sum = Lanes.load(x + 4L * j, n - j).fma(f, Lanes.load(out + 4L * j, n - j));
      Lanes.store(out + 4L * j, sum, n - j);
    }
  }
}
