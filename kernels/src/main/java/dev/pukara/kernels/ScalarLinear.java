package dev.pukara.kernels;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** A linear layer that decodes one row of weights at a time from the file. */
final class ScalarLinear implements Linear {
  private final List<Weights> stacked;
  private final int outputs;
  private final Workers workers;

  ScalarLinear(List<Weights> stacked, Workers workers) {
    this.outputs = Shapes.stacked(stacked);
    this.stacked = List.copyOf(stacked);
    this.workers = workers;
  }

  @Override
  public int inputs() {
    return stacked.getFirst().cols();
  }

  @Override
  public int outputs() {
    return outputs;
  }

  @Override
  public Precision precision() {
    return Precision.F32;
  }

  @Override
  public void forward(Activations x, int rows, Tensor out, boolean accumulate) {
    Shapes.forward(this, x, rows, out);
    Tensor input = F32Activations.rowsOf(x);
    int first = 0;
    for (Weights weights : stacked) {
      int column = first;
      workers.split(
          weights.rows(),
          1,
          (from, to) -> {
            float[] values = new float[weights.cols()];
            MemorySegment target = MemorySegment.ofArray(values);
            for (int j = from; j < to; j++) {
              weights.format().decode(weights.row(j), 0, values.length, target, 0);
              multiply(input, rows, values, out, column + j, accumulate);
            }
          });
      first += weights.rows();
    }
  }

  /** Column {@code column} of the result. The sums are double: errors are those of the operands. */
  private static void multiply(
      Tensor x, int rows, float[] weights, Tensor out, int column, boolean accumulate) {
    for (int i = 0; i < rows; i++) {
      double sum = accumulate ? out.get(i, column) : 0;
      for (int k = 0; k < weights.length; k++) {
        sum += (double) x.get(i, k) * weights[k];
      }
      out.set(i, column, (float) sum);
    }
  }

  @Override
  public long residentBytes() {
    return 0;
  }

  @Override
  public void close() {}
}
