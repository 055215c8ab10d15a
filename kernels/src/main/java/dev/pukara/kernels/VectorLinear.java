package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A linear layer that reads its weights from the file at every call and keeps nothing.
 *
 * <p>Many rows: the activations are woven into panels of four rows once; then each worker takes one
 * group of {@link Tiles#COLS} outputs after the other, decodes and weaves their weights into its
 * own scratch, {@link #DEPTH} inputs at a time (at most 256 KB: it stays in the second-level
 * cache), and runs all rows over it. So an 8B model needs no second copy of its weights.
 *
 * <p>Few rows: each worker decodes four rows of weights and takes inner products.
 */
final class VectorLinear implements Linear {
  /** Up to so many rows, inner products are faster than weaving the weights. */
  private static final int FEW = 6;

  /** Inputs of a packed panel of weights. */
  private static final int DEPTH = 2048;

  /** Inputs decoded at a time, a multiple of every format's block: stays in the first cache. */
  private static final int PIECE = 256;

  /** Rows for which the activations are packed at a time: bounds the memory of a long batch. */
  private static final int BATCH = 768;

  /** Groups of {@link Dots#WIDTH} outputs that a worker takes at a time. */
  private static final int CHUNK = 16;

  /** One of the stacked matrices: its outputs start at {@code first}. */
  private record Part(BlockFormat format, int first, long[] rows) {}

  /** Outputs {@code from...} of a part, at most {@link Tiles#COLS}. */
  private record Panel(Part part, int from) {}

  private final Workers workers;
  private final Workspace workspace;
  private final int inputs;
  private final int outputs;
  private final List<Part> parts = new ArrayList<>();
  private final List<Panel> panels = new ArrayList<>();

  /** Keeps the mapped file reachable. */
  private final List<Weights> stacked;

  /** Copies of weights that are not in native memory. */
  private final Arena arena = Arena.ofShared();

  private long residentBytes;

  VectorLinear(List<Weights> stacked, Workers workers, Workspace workspace) {
    this.outputs = Shapes.stacked(stacked);
    this.inputs = stacked.getFirst().cols();
    this.stacked = List.copyOf(stacked);
    this.workers = workers;
    this.workspace = workspace;
    int first = 0;
    for (Weights weights : this.stacked) {
      Part part = new Part(weights.format(), first, addresses(weights));
      parts.add(part);
      for (int from = 0; from < weights.rows(); from += Tiles.COLS) {
        panels.add(new Panel(part, from));
      }
      first += weights.rows();
    }
  }

  private long[] addresses(Weights weights) {
    MemorySegment data = weights.data();
    if (!data.isNative()) {
      MemorySegment copy = arena.allocate(data.byteSize(), 64);
      residentBytes += copy.copyFrom(data).byteSize();
      data = copy;
    }
    long bytes = weights.format().bytesOf(inputs);
    long[] rows = new long[weights.rows()];
    int[] order = weights.rowOrder();
    for (int i = 0; i < rows.length; i++) {
      rows[i] = data.address() + bytes * (order == null ? i : order[i]);
    }
    return rows;
  }

  @Override
  public int inputs() {
    return inputs;
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
    if (rows <= FEW) {
      few(input.address(), rows, out.address(), accumulate);
      return;
    }
    for (int from = 0; from < rows; from += BATCH) {
      long source = input.address() + 4L * from * inputs;
      long target = out.address() + 4L * from * outputs;
      many(source, Math.min(BATCH, rows - from), target, accumulate);
    }
  }

  private void few(long x, int rows, long out, boolean add) {
    for (Part part : parts) {
      int groups = (part.rows.length + Dots.WIDTH - 1) / Dots.WIDTH;
      AtomicInteger next = new AtomicInteger();
      workers.run(
          (member, members) -> {
            float[] sums = new float[Dots.WIDTH];
            long[] weights = new long[Dots.WIDTH];
            long scratch = workspace.own(member, Dots.WIDTH * 4L * inputs);
            for (int from; (from = next.getAndAdd(CHUNK)) < groups; ) {
              for (int group = from; group < Math.min(groups, from + CHUNK); group++) {
                int output = group * Dots.WIDTH;
                decode(part, output, 0, inputs, scratch, weights);
                dots(part, output, x, rows, weights, sums, out, add);
              }
            }
          });
    }
  }

  private void dots(
      Part part,
      int output,
      long x,
      int rows,
      long[] weights,
      float[] sums,
      long out,
      boolean add) {
    int valid = Math.min(Dots.WIDTH, part.rows.length - output);
    for (int i = 0; i < rows; i++) {
      long row = x + 4L * i * inputs;
      Dots.four(row, weights[0], weights[1], weights[2], weights[3], inputs, sums);
      long target = out + 4L * ((long) i * outputs + part.first + output);
      for (int j = 0; j < valid; j++) {
        float before = add ? Lanes.getFloat(target + 4L * j) : 0;
        Lanes.putFloat(target + 4L * j, before + sums[j]);
      }
    }
  }

  /**
   * Puts into {@code weights} the addresses of inputs {@code from..from + n}, f32, of as many rows
   * as it has places, from row {@code first} on; the last row stands for those that are missing.
   */
  private static void decode(Part part, int first, int from, int n, long scratch, long[] weights) {
    for (int r = 0; r < weights.length; r++) {
      long row = part.rows[Math.min(first + r, part.rows.length - 1)];
      if (part.format == BlockFormat.F32) {
        weights[r] = row + 4L * from;
      } else {
        weights[r] = scratch + 4L * n * r;
        VectorBlocks.decode(part.format, row, from, n, weights[r]);
      }
    }
  }

  /** The layout of one call's scratch. */
  private final class Many {
    final int rows;
    final long quad = Workspace.aligned(4L * Panels.QUAD * inputs + Panels.slack());
    final int depth = Math.min(DEPTH, inputs);
    final long half = Workspace.aligned(Lanes.BYTES * depth + Panels.slack());
    final long pieces = Workspace.aligned(4L * PIECE * Lanes.COUNT);
    final long weave = Workspace.aligned(Panels.scratchBytes(PIECE));
    final long edge = 4L * Tiles.TALL * Tiles.COLS;

    Many(int rows) {
      this.rows = rows;
    }

    long sharedBytes() {
      return (rows + Panels.QUAD - 1) / Panels.QUAD * quad;
    }

    long ownBytes() {
      return 2 * half + pieces + weave + edge;
    }
  }

  private void many(long x, int rows, long out, boolean add) {
    Many many = new Many(rows);
    long packed = workspace.shared(many.sharedBytes());
    workers.split(
        (rows + Panels.QUAD - 1) / Panels.QUAD, 1, (from, to) -> pack(x, many, from, to, packed));
    AtomicInteger next = new AtomicInteger();
    workers.run(
        (member, members) -> {
          long own = workspace.own(member, many.ownBytes());
          for (int p; (p = next.getAndIncrement()) < panels.size(); ) {
            multiply(panels.get(p), many, packed, own, out, add);
          }
        });
  }

  private void pack(long x, Many many, int fromQuad, int toQuad, long packed) {
    long[] row = new long[Panels.QUAD];
    for (int q = fromQuad; q < toQuad; q++) {
      for (int i = 0; i < Panels.QUAD; i++) {
        row[i] = x + 4L * inputs * Math.min(q * Panels.QUAD + i, many.rows - 1);
      }
      Panels.quad(row[0], row[1], row[2], row[3], inputs, packed + q * many.quad);
    }
  }

  private void multiply(Panel panel, Many many, long packed, long own, long out, boolean add) {
    long target = out + 4L * (panel.part.first + panel.from);
    for (int from = 0; from < inputs; from += DEPTH) {
      int depth = Math.min(DEPTH, inputs - from);
      weave(panel, many, from, depth, own);
      boolean sum = add || from > 0;
      long x = packed + 4L * Panels.QUAD * from;
      int valid = Math.min(Tiles.COLS, panel.part.rows.length - panel.from);
      int row = 0;
      for (; row + Tiles.TALL <= many.rows; row += Tiles.TALL) {
        tile(Tiles.TALL, many, x, own, depth, target, row, valid, sum);
      }
      for (; row < many.rows; row += Panels.QUAD) {
        tile(Panels.QUAD, many, x, own, depth, target, row, valid, sum);
      }
    }
  }

  /** Decodes and weaves inputs {@code from..from + depth} of a panel to {@code own}. */
  private static void weave(Panel panel, Many many, int from, int depth, long own) {
    long[] rows = new long[Lanes.COUNT];
    long pieces = own + 2 * many.half;
    long scratch = pieces + many.pieces;
    for (int h = 0; h < 2; h++) {
      int first = panel.from + h * Lanes.COUNT;
      for (int k = 0; k < depth; k += PIECE) {
        int n = Math.min(PIECE, depth - k);
        decode(panel.part, first, from + k, n, pieces, rows);
        Panels.full(rows, 0, 0, n, scratch, own + h * many.half + Lanes.BYTES * k);
      }
    }
  }

  /** One tile of the result, through scratch where it is to be added or hangs over the edge. */
  private void tile(
      int height,
      Many many,
      long packed,
      long own,
      int depth,
      long out,
      int row,
      int valid,
      boolean add) {
    long edge = own + 2 * many.half + many.pieces + many.weave;
    boolean inside = valid == Tiles.COLS && row + height <= many.rows;
    long x = packed + row / Panels.QUAD * many.quad;
    long stride = 4L * outputs;
    long c = out + stride * row;
    long target = inside && !add ? c : edge;
    long targetStride = inside && !add ? stride : 4L * Tiles.COLS;
    if (height == Panels.QUAD) {
      Tiles.four(x, own, many.half, Lanes.BYTES, depth, target, targetStride);
    } else {
      Tiles.tall(x, many.quad, own, many.half, Lanes.BYTES, depth, target, targetStride);
    }
    if (target == edge) {
      for (int i = 0; i < Math.min(height, many.rows - row); i++) {
        Rows.put(edge + 4L * Tiles.COLS * i, valid, add, c + stride * i);
      }
    }
  }

  @Override
  public long residentBytes() {
    return residentBytes;
  }

  @Override
  public void close() {
    arena.close();
  }
}
