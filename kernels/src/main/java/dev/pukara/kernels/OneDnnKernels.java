package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * oneDNN for the matrix products, vector code in Java for what lies between them. The fastest
 * kernels, on x86-64 Linux; the precisions are those for which the CPU has instructions.
 */
final class OneDnnKernels implements Kernels {
  private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private final Workers workers;
  private final RowMath math;
  private final OneDnnProducts products;
  private final Workspace workspace;
  private final List<Precision> precisions;
  private final OneDnnAttention attention;
  private final RopeTable rope = new RopeTable();

  /**
   * Loads oneDNN.
   *
   * @throws KernelsException if it cannot be loaded, or if this CPU has no AVX2, so that it would
   *     gain nothing; the message has the reason
   */
  OneDnnKernels(Workers workers, RowMath math) {
    OneDnnLibrary.load();
    if (!OneDnn.hasAvx2()) {
      throw new KernelsException("oneDNN gains nothing here: this CPU has no AVX2 instructions");
    }
    this.workers = workers;
    this.math = math;
    this.products = new OneDnnProducts(workers.members());
    this.workspace = new Workspace(workers.members());
    this.attention = new OneDnnAttention(products, workers, workspace, math);
    this.precisions = supported();
  }

  private static List<Precision> supported() {
    List<Precision> found = new ArrayList<>();
    found.add(Precision.INT8);
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
    PackedMemory own = PackedMemory.empty();
    return linear(stacked, precision, own, own::close);
  }

  @Override
  public Linear linear(List<Weights> stacked, Precision precision, PackedMemory memory) {
    Shapes.precision(name(), precisions, precision);
    return linear(stacked, precision, memory, () -> {});
  }

  private Linear linear(
      List<Weights> stacked, Precision precision, PackedMemory memory, Runnable whenClosed) {
    return new OneDnnLinear(
        products, workers, workspace, math, stacked, precision, memory, whenClosed);
  }

  @Override
  public String identity() {
    return OneDnn.identity() + "-" + math.getClass().getSimpleName();
  }

  @Override
  public boolean packs() {
    return true;
  }

  @Override
  public KvSpan span(Arena arena, int blocks, Heads heads, int capacity, Precision precision) {
    return bf16Spans(precision)
        ? KvSpan.allocateBf16(arena, blocks, heads.kvHeads(), heads.size(), capacity)
        : KvSpan.allocate(arena, blocks, heads.kvHeads(), heads.size(), capacity);
  }

  @Override
  public long spanBytes(int blocks, Heads heads, int capacity, Precision precision) {
    long bytes = KvSpan.bytes(blocks, heads.kvHeads(), heads.size(), capacity);
    return bf16Spans(precision) ? bytes / 2 : bytes;
  }

  private boolean bf16Spans(Precision precision) {
    return precision != Precision.F32 && precisions.contains(Precision.BF16);
  }

  @Override
  public void embed(Weights table, int[] ids, Tensor out) {
    Shapes.embed(table, ids, out);
    workers.share(
        ids.length,
        (member, from, to) -> {
          for (int i = from; i < to; i++) {
            long at = 4L * i * out.cols();
            table.format().decode(table.row(ids[i]), 0, table.cols(), out.segment(), at);
          }
        });
  }

  /** Makes f32 row {@code row} at {@code values}. */
  @FunctionalInterface
  private interface RowMaker {
    void make(int row, long values);
  }

  /** Makes rows one after the other in cache and stores them in their own form. */
  private void make(int rows, StoredRows out, RowMaker maker) {
    workers.share(
        rows,
        (member, from, to) -> {
          long values = workspace.own(member, 4L * out.width());
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
    Shapes.rope(qkv, slices, block, heads, frequencies);
    int positions = 0;
    int rows = 0;
    for (Slice slice : slices) {
      positions = Math.max(positions, slice.firstPosition() + slice.rowCount());
      rows += slice.rowCount();
    }
    rope.cover(frequencies, positions, workers);
    workers.share(
        rows,
        (member, from, to) -> {
          long scratch = workspace.own(member, 8L * heads.kvHeads() * heads.size());
          int first = 0; // of the slice, among all rows
          for (Slice slice : slices) {
            int end = Math.min(to - first, slice.rowCount());
            for (int i = Math.max(0, from - first); i < end; i++) {
              rotate(qkv, slice, i, heads);
              store(qkv, slice, i, block, heads, scratch);
            }
            first += slice.rowCount();
          }
        });
  }

  private void rotate(Tensor qkv, Slice slice, int i, Heads heads) {
    long row = qkv.address() + 4L * (slice.firstRow() + i) * qkv.cols();
    int position = slice.firstPosition() + i;
    int count = heads.queryHeads() + heads.kvHeads();
    math.rotate(row, count, heads.size() / 2, rope.cos(position), rope.sin(position));
  }

  /** Keys and values lie beside each other: they are converted at once, then go their ways. */
  private void store(Tensor qkv, Slice slice, int i, int block, Heads heads, long scratch) {
    KvSpan own = slice.own();
    int width = heads.kvHeads() * heads.size();
    long row = qkv.address() + 4L * (slice.firstRow() + i) * qkv.cols();
    long keys = row + 4L * heads.queryHeads() * heads.size();
    if (own.isBf16()) {
      math.toBf16(keys, 2 * width, scratch);
      keys = scratch;
    }
    int bytes = own.tokenBytes();
    long values = keys + (long) heads.kvHeads() * bytes;
    long skip = (long) (slice.ownStart() + i) * bytes;
    for (int head = 0; head < heads.kvHeads(); head++) {
      copy(keys + (long) head * bytes, own.keyAddress(block, head) + skip, bytes);
      copy(values + (long) head * bytes, own.valueAddress(block, head) + skip, bytes);
    }
  }

  private static void copy(long from, long to, long bytes) {
    MemorySegment.copy(MEMORY, from, MEMORY, to, bytes);
  }

  @Override
  public void attention(Tensor qkv, List<Slice> slices, int block, Heads heads, Activations out) {
    Shapes.attention(qkv, slices, block, heads, out);
    attention.attend(qkv, slices, block, heads, StoredRows.of(out));
  }

  @Override
  public List<Preparation> preparations(
      Heads heads, Precision precision, int rowsMax, int tokensMin, int tokensMax) {
    Precision spans = bf16Spans(precision) ? Precision.BF16 : Precision.F32;
    return attention.preparations(heads, spans, rowsMax, tokensMin, tokensMax);
  }

  @Override
  public ProductCounts productCounts() {
    return products.counts();
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
    workers.share(
        rows,
        (member, from, to) -> {
          for (int i = from; i < to; i++) {
            target.put(i, in.address() + 4L * i * in.cols(), math);
          }
        });
  }

  @Override
  public double productGops(Precision precision, long nanos) {
    Shapes.precision(name(), precisions, precision);
    return OneDnnRate.gops(products, workers, precision, nanos);
  }

  /** From now on {@link #productNanos} counts. */
  void timeProducts() {
    products.time();
  }

  /** Time that all members together spent in products. */
  long productNanos() {
    return products.nanos();
  }

  @Override
  public void close() {
    workspace.close();
    products.close();
    workers.close();
  }
}
