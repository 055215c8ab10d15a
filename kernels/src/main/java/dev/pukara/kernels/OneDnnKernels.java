package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * oneDNN for the matrix products, vector code in Java for what lies between them. The fastest
 * kernels, on x86-64 Linux; the precisions are those for which the CPU has instructions.
 */
final class OneDnnKernels implements Kernels {
  private final Workers workers;
  private final RowMath math;
  private final OneDnnProducts products;
  private final List<Precision> precisions;

  /** What is not a product of a linear layer. */
  private final Kernels rest;

  /**
   * Loads oneDNN.
   *
   * @throws IllegalStateException if it cannot be loaded; the message has the cure
   */
  OneDnnKernels(Workers workers, RowMath math, Kernels rest) {
    OneDnnLibrary.load();
    this.workers = workers;
    this.math = math;
    this.rest = rest;
    this.products = new OneDnnProducts(workers.members());
    this.precisions = supported();
  }

  private static List<Precision> supported() {
    List<Precision> found = new ArrayList<>();
    if (OneDnn.hasInt8()) {
      found.add(Precision.INT8);
    }
    if (OneDnn.hasBf16()) {
      found.add(Precision.BF16);
      found.add(Precision.GROUP32);
    }
    found.add(Precision.F32);
    return List.copyOf(found);
  }

  @Override
  public String name() {
    return "onednn";
  }

  @Override
  public Workers workers() {
    return workers;
  }

  @Override
  public List<Precision> precisions() {
    return precisions;
  }

  @Override
  public Activations activations(Arena arena, int maxRows, int width, Precision precision) {
    Shapes.activations(maxRows, width);
    Shapes.precision(name(), precisions, precision);
    return rows(arena, maxRows, width, precision);
  }

  private static StoredRows rows(Arena arena, int maxRows, int width, Precision precision) {
    int spare = OneDnnBlocks.SPARE;
    return switch (precision) {
      case F32 ->
          new F32Activations(Tensor.allocate(arena, maxRows + spare, width).rows(0, maxRows));
      case BF16, GROUP32 -> Bf16Rows.allocate(arena, maxRows, spare, width, precision);
      case INT8 -> U8Rows.allocate(arena, maxRows, spare, width);
    };
  }

  @Override
  public Linear linear(List<Weights> stacked, Precision precision) {
    Shapes.precision(name(), precisions, precision);
    return new OneDnnLinear(products, workers, math, stacked, precision);
  }

  @Override
  public void embed(Weights table, int[] ids, Tensor out) {
    rest.embed(table, ids, out);
  }

  /** Makes f32 row {@code row} at {@code values}. */
  @FunctionalInterface
  private interface RowMaker {
    void make(int row, long values);
  }

  /** Makes rows one after the other in cache and stores them in their own form. */
  private void make(int rows, StoredRows out, RowMaker maker) {
    workers.run(
        (index, members) -> {
          int from = (int) ((long) rows * index / members);
          int to = (int) ((long) rows * (index + 1) / members);
          long values = products.member(index).row.address(4L * out.width());
          for (int i = from; i < to; i++) {
            maker.make(i, values);
            out.put(i, values, math);
          }
        });
  }

  @Override
  public void rmsNorm(Tensor x, int rows, Tensor gain, float eps, Activations out) {
    Shapes.rmsNorm(x, rows, gain, out);
    int width = x.cols();
    make(
        rows,
        StoredRows.of(out),
        (row, values) -> {
          long from = x.address() + 4L * row * width;
          double mean = (double) math.squares(from, width) / width;
          math.scale(from, (float) (1 / Math.sqrt(mean + eps)), gain.address(), width, values);
        });
  }

  @Override
  public void swiglu(Tensor gateUp, int rows, Activations out) {
    Shapes.swiglu(gateUp, rows, out);
    int width = out.width();
    make(
        rows,
        StoredRows.of(out),
        (row, values) -> {
          long gate = gateUp.address() + 8L * row * width;
          math.swiglu(gate, gate + 4L * width, width, values);
        });
  }

  @Override
  public void ropeAndStore(
      Tensor qkv, List<Slice> slices, int block, Heads heads, float[] frequencies) {
    rest.ropeAndStore(qkv, slices, block, heads, frequencies);
  }

  @Override
  public void attention(Tensor qkv, List<Slice> slices, int block, Heads heads, Activations out) {
    Shapes.attention(qkv, slices, block, heads, out);
    if (out instanceof F32Activations) {
      rest.attention(qkv, slices, block, heads, out);
      return;
    }
    try (Arena scratch = Arena.ofShared()) {
      Tensor rows = Tensor.allocate(scratch, out.maxRows(), out.width());
      rest.attention(qkv, slices, block, heads, new F32Activations(rows));
      write(rows, out.maxRows(), out);
    }
  }

  @Override
  public void read(Activations in, int rows, Tensor out) {
    Shapes.copy(in, rows, out);
    StoredRows source = StoredRows.of(in);
    for (int i = 0; i < rows; i++) {
      source.get(i, out.address() + 4L * i * out.cols());
    }
  }

  @Override
  public void write(Tensor in, int rows, Activations out) {
    Shapes.copy(out, rows, in);
    StoredRows target = StoredRows.of(out);
    workers.split(
        rows,
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            target.put(i, in.address() + 4L * i * in.cols(), math);
          }
        });
  }

  @Override
  public void close() {
    products.close();
    rest.close();
  }
}
