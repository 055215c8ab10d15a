package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.util.List;

/** Kernels of the JDK's Vector API (jdk.incubator.vector): no native code, every platform; f32. */
final class VectorKernels implements Kernels {
  private static final List<Precision> PRECISIONS = List.of(Precision.F32);

  /** Rows of which a worker takes a multiple. */
  private static final int GRAIN = 4;

  private final Workers workers;
  private final Workspace workspace;
  private final RopeTable rope = new RopeTable();

  VectorKernels(Workers workers) {
    this.workers = workers;
    this.workspace = new Workspace(workers.members());
  }

  @Override
  public String name() {
    return "vector-" + Lanes.F.vectorBitSize();
  }

  @Override
  public Workers workers() {
    return workers;
  }

  @Override
  public List<Precision> precisions() {
    return PRECISIONS;
  }

  @Override
  public Activations activations(Arena arena, int maxRows, int width, Precision precision) {
    Shapes.activations(maxRows, width);
    Shapes.precision(name(), PRECISIONS, precision);
    return F32Activations.allocate(arena, maxRows, width);
  }

  @Override
  public Linear linear(List<Weights> stacked, Precision precision) {
    Shapes.precision(name(), PRECISIONS, precision);
    return new VectorLinear(stacked, workers, workspace);
  }

  @Override
  public void embed(Weights table, int[] ids, Tensor out) {
    Shapes.embed(table, ids, out);
    workers.split(
        ids.length,
        GRAIN,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            long target = 4L * i * out.cols();
            if (table.data().isNative()) {
              VectorBlocks.decode(
                  table.format(),
                  table.row(ids[i]).address(),
                  0,
                  table.cols(),
                  out.address() + target);
            } else {
              table.format().decode(table.row(ids[i]), 0, table.cols(), out.segment(), target);
            }
          }
        });
  }

  @Override
  public void rmsNorm(Tensor x, int rows, Tensor gain, float eps, Activations out) {
    Shapes.rmsNorm(x, rows, gain, out);
    long result = F32Activations.rowsOf(out).address();
    int width = x.cols();
    workers.split(
        rows,
        GRAIN,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            long row = x.address() + 4L * i * width;
            float factor = Rows.rmsFactor(row, width, eps);
            Rows.scale(row, factor, gain.address(), width, result + 4L * i * width);
          }
        });
  }

  @Override
  public void swiglu(Tensor gateUp, int rows, Activations out) {
    Shapes.swiglu(gateUp, rows, out);
    long result = F32Activations.rowsOf(out).address();
    int width = out.width();
    workers.split(
        rows,
        GRAIN,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            long gate = gateUp.address() + 8L * i * width;
            Rows.swiglu(gate, gate + 4L * width, width, result + 4L * i * width);
          }
        });
  }

  @Override
  public void ropeAndStore(
      Tensor qkv, List<Slice> slices, int block, Heads heads, float[] frequencies) {
    Shapes.rope(qkv, slices, block, heads, frequencies);
    ropeAndStore(workers, rope, qkv, slices, block, heads, frequencies);
  }

  /** As {@link #ropeAndStore}, for other kernels too; the shapes have been checked. */
  static void ropeAndStore(
      Workers workers,
      RopeTable rope,
      Tensor qkv,
      List<Slice> slices,
      int block,
      Heads heads,
      float[] frequencies) {
    int positions = 0;
    int rows = 0;
    for (Slice slice : slices) {
      positions = Math.max(positions, slice.firstPosition() + slice.rowCount());
      rows += slice.rowCount();
    }
    rope.cover(frequencies, positions, workers);
    workers.split(
        rows,
        GRAIN,
        (from, to) -> {
          int before = 0;
          for (Slice slice : slices) {
            int first = Math.max(from - before, 0);
            int end = Math.min(to - before, slice.rowCount());
            for (int i = first; i < end; i++) {
              ropeAndStoreRow(rope, qkv, slice, i, block, heads);
            }
            before += slice.rowCount();
          }
        });
  }

  private static void ropeAndStoreRow(
      RopeTable rope, Tensor qkv, Slice slice, int i, int block, Heads heads) {
    long row = qkv.address() + 4L * (slice.firstRow() + i) * qkv.cols();
    long headBytes = 4L * heads.size();
    int position = slice.firstPosition() + i;
    for (int head = 0; head < heads.queryHeads() + heads.kvHeads(); head++) {
      Rows.rotate(row + headBytes * head, heads.size() / 2, rope.cos(position), rope.sin(position));
    }
    long token = headBytes * (slice.ownStart() + i);
    for (int head = 0; head < heads.kvHeads(); head++) {
      long key = row + headBytes * (heads.queryHeads() + head);
      long value = key + headBytes * heads.kvHeads();
      Lanes.copy(key, slice.own().keyAddress(block, head) + token, headBytes);
      Lanes.copy(value, slice.own().valueAddress(block, head) + token, headBytes);
    }
  }

  @Override
  public void attention(Tensor qkv, List<Slice> slices, int block, Heads heads, Activations out) {
    Shapes.attention(qkv, slices, block, heads, out);
    Tensor result = F32Activations.rowsOf(out);
    VectorAttention.attend(workers, workspace, qkv, slices, block, heads, result);
  }

  @Override
  public void read(Activations in, int rows, Tensor out) {
    Shapes.copy(in, rows, out);
    Lanes.copy(F32Activations.rowsOf(in).address(), out.address(), 4L * rows * out.cols());
  }

  @Override
  public void write(Tensor in, int rows, Activations out) {
    Shapes.copy(out, rows, in);
    Lanes.copy(in.address(), F32Activations.rowsOf(out).address(), 4L * rows * in.cols());
  }

  @Override
  public void close() {
    workers.close();
    workspace.close();
  }
}
