package dev.pukara.kernels;

import java.lang.foreign.MemorySegment;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A linear layer as a grid of small oneDNN products. The outputs are cut into chunks and the inputs
 * into groups, each (chunk, group) packed for itself; a call cuts its rows into blocks. A task, one
 * block of rows times one chunk, leaves its result in the cache of the core, where it is scaled and
 * added to where it belongs; the members of the team take tasks until none is left.
 *
 * <p>INT8 has a scale per (output, group of inputs) and per (row, group of inputs). Activations are
 * stored with an offset of 128, which oneDNN takes as unsigned: {@code sum((q + 128) w) = sum(q w)
 * + 128 sum(w)}, and the last term goes in as the bias. The scale of the row is applied afterwards
 * here: inside the product it would mean a slow implementation.
 */
final class OneDnnLinear implements Linear {
  /** Most outputs of a chunk: with 1,024 inputs in s8 its weights are 256 KiB, half an L2 cache. */
  private static final int CHUNK_MAX = 256;

  /** The packed layouts pad the outputs to multiples of this. */
  private static final int CHUNK_STEP = 64;

  private final OneDnnProducts products;
  private final Workers workers;
  private final Workspace workspace;
  private final RowMath math;
  private final Precision precision;
  private final int inputs;
  private final int outputs;
  private final int chunk;
  private final int chunks;
  private final int group;
  private final int groups;
  private final Runnable whenClosed;

  /** {@code (chunks, groups)}: packed weights. */
  private final MemorySegment[][] packed;

  /** {@code (chunks, groups)}: scales, then bias, as the precision needs them. */
  private final MemorySegment[][] constants;

  OneDnnLinear(
      OneDnnProducts products,
      Workers workers,
      Workspace workspace,
      RowMath math,
      List<Weights> stacked,
      Precision precision,
      PackedMemory memory,
      Runnable whenClosed) {
    this.products = products;
    this.workers = workers;
    this.workspace = workspace;
    this.math = math;
    this.precision = precision;
    outputs = Shapes.stacked(stacked);
    inputs = stacked.getFirst().cols();
    int least = (outputs + CHUNK_MAX - 1) / CHUNK_MAX;
    int even = (outputs + least - 1) / least;
    chunk = Math.min(outputs, (even + CHUNK_STEP - 1) / CHUNK_STEP * CHUNK_STEP);
    chunks = (outputs + chunk - 1) / chunk;
    group = precision == Precision.INT8 ? U8Rows.group(inputs) : inputs;
    groups = (inputs + group - 1) / group;
    packed = new MemorySegment[chunks][groups];
    constants = new MemorySegment[chunks][groups];
    this.whenClosed = whenClosed;
    for (int c = 0; c < chunks; c++) {
      for (int g = 0; g < groups; g++) {
        OneDnnProduct.Shape shape = shape(OneDnnBlocks.MAX, c, g);
        packed[c][g] = memory.take(OneDnn.size(products.layout(shape, memory)));
        constants[c][g] = memory.take(Math.max(4L, 4L * shape.constants()));
      }
    }
    if (!memory.isFilled()) {
      fill(stacked);
    }
  }

  private void fill(List<Weights> stacked) {
    OneDnnPacking packing = new OneDnnPacking(stacked, precision, inputs);
    AtomicInteger next = new AtomicInteger();
    workers.run(
        (member, members) -> {
          OneDnn.singleThreaded();
          for (int c = next.getAndIncrement(); c < chunks; c = next.getAndIncrement()) {
            pack(packing, c);
          }
        });
  }

  private void pack(OneDnnPacking packing, int c) {
    int first = c * chunk;
    int count = Math.min(chunk, outputs - first);
    try (OneDnnPacking.Chunk rows = packing.decode(first, count)) {
      for (int g = 0; g < groups; g++) {
        int from = g * group;
        OneDnnProduct product = products.get(shape(OneDnnBlocks.MAX, c, g));
        rows.pack(from, product.shape().inputs(), product.weights(), packed[c][g], constants[c][g]);
      }
    }
  }

  private OneDnnProduct.Shape shape(int rows, int c, int g) {
    return new OneDnnProduct.Shape(
        precision,
        OneDnnProduct.Layout.PACKED,
        rows,
        Math.min(group, inputs - g * group),
        inputs,
        Math.min(chunk, outputs - c * chunk));
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
    return precision;
  }

  @Override
  public void forward(Activations x, int rows, Tensor out, boolean accumulate) {
    Shapes.forward(this, x, rows, out);
    if (rows == 0) {
      return;
    }
    StoredRows source = StoredRows.of(x);
    int block = OneDnnBlocks.size(rows, chunks, workers.members());
    int blocks = (rows + block - 1) / block;
    AtomicInteger next = new AtomicInteger();
    Workers.Part work =
        (member, members) -> {
          OneDnn.singleThreaded();
          int tasks = chunks * blocks;
          for (int t = next.getAndIncrement(); t < tasks; t = next.getAndIncrement()) {
            int first = t % blocks * block;
            int count = Math.min(block, rows - first);
            multiply(member, source, first, count, t / blocks, out, accumulate);
          }
        };
    if (chunks * blocks == 1) {
      work.run(0, 1);
    } else {
      workers.run(work);
    }
  }

  /** One task: rows {@code first...} times chunk {@code c}. */
  private void multiply(
      int member, StoredRows x, int first, int count, int c, Tensor out, boolean accumulate) {
    int rows = OneDnnBlocks.roundUp(count);
    for (int g = 0; g < groups; g++) {
      OneDnnProduct.Shape shape = shape(rows, c, g);
      int width = shape.outputs();
      long results = workspace.own(member, 4L * rows * width);
      products.run(
          member,
          shape,
          x.address() + first * x.rowBytes() + g * group * x.rowBytes() / inputs,
          packed[c][g].address(),
          constants[c][g].address(),
          results);
      for (int i = 0; i < count; i++) {
        float factor = x instanceof U8Rows u8 ? u8.scale(first + i, g) : 1;
        math.scale(
            results + 4L * i * width,
            factor,
            width,
            out.address() + 4L * ((long) (first + i) * outputs + c * chunk),
            accumulate || g > 0);
      }
    }
  }

  @Override
  public List<Preparation> preparations(int rowsMax) {
    Set<OneDnnProduct.Shape> shapes = new LinkedHashSet<>();
    for (int rows : OneDnnBlocks.sizes(rowsMax, chunks, workers.members())) {
      for (int c = 0; c < chunks; c++) {
        for (int g = 0; g < groups; g++) {
          shapes.add(shape(rows, c, g));
        }
      }
    }
    return shapes.stream().map(products::preparation).toList();
  }

  @Override
  public long residentBytes() {
    long bytes = 0;
    for (int c = 0; c < chunks; c++) {
      for (int g = 0; g < groups; g++) {
        bytes += packed[c][g].byteSize() + constants[c][g].byteSize();
      }
    }
    return bytes;
  }

  @Override
  public void close() {
    whenClosed.run();
  }
}
