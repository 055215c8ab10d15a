package dev.pukara.model;

import dev.pukara.kernels.Activations;
import dev.pukara.kernels.ForwardingLinear;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Linear;
import dev.pukara.kernels.Precision;
import dev.pukara.kernels.Tensor;
import java.lang.foreign.Arena;

/**
 * An f32 layer with an int8 twin: each call is answered by the first and repeated by the second.
 */
final class WatchedLinear extends ForwardingLinear {
  /** Takes what one call showed. */
  @FunctionalInterface
  interface Sink {
    /**
     * All rows of one call.
     *
     * @param x activations
     * @param exact the f32 layer's results
     * @param int8 the int8 layer's results
     * @param oneScale the int8 layer's results for activations that had been rounded to 8 bits with
     *     one scale for all rows
     */
    void take(Tensor x, Tensor exact, Tensor int8, Tensor oneScale);
  }

  private final Kernels kernels;
  private final Linear int8;
  private final Sink sink;

  WatchedLinear(Kernels kernels, Linear exact, Linear int8, Sink sink) {
    super(exact);
    this.kernels = kernels;
    this.int8 = int8;
    this.sink = sink;
  }

  @Override
  public void forward(Activations x, int rows, Tensor out, boolean accumulate) {
    // Shared: the workers use it too.
    try (Arena arena = Arena.ofShared()) {
      Tensor values = Tensor.allocate(arena, rows, inputs());
      kernels.read(x, rows, values);
      Tensor expected = Tensor.allocate(arena, rows, outputs());
      super.forward(x, rows, expected, false);
      Tensor own = quantised(arena, values);
      Tensor shared = quantised(arena, rounded(arena, values));
      sink.take(values, expected, own, shared);
    }
    super.forward(x, rows, out, accumulate);
  }

  private Tensor quantised(Arena arena, Tensor values) {
    int rows = values.rows();
    Activations x = kernels.activations(arena, rows, inputs(), Precision.INT8);
    kernels.write(values, rows, x);
    Tensor out = Tensor.allocate(arena, rows, outputs());
    int8.forward(x, rows, out, false);
    return out;
  }

  /** The values rounded to 8 bits with one scale for all rows. */
  private static Tensor rounded(Arena arena, Tensor values) {
    float[] rounded = values.toArray();
    float greatest = 0;
    for (float value : rounded) {
      greatest = Math.max(greatest, Math.abs(value));
    }
    float scale = Math.max(greatest, Float.MIN_NORMAL) / 127;
    for (int i = 0; i < rounded.length; i++) {
      rounded[i] = Math.round(rounded[i] / scale) * scale;
    }
    return Tensor.of(arena, values.rows(), values.cols(), rounded);
  }

  @Override
  public long residentBytes() {
    return super.residentBytes() + int8.residentBytes();
  }

  @Override
  public void close() {
    super.close();
    int8.close();
  }
}
