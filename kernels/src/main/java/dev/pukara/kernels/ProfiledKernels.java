package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.util.List;

/**
 * Other kernels, with a clock: what each call takes goes into a {@link Profile}. The clock costs
 * less than a hundredth of the time.
 */
public final class ProfiledKernels implements Kernels {
  private final Kernels inner;
  private final Profile profile = new Profile();

  /** Puts a clock on {@code inner}, which is closed with this. */
  public ProfiledKernels(Kernels inner) {
    this.inner = inner;
    if (inner instanceof OneDnnKernels oneDnn) {
      oneDnn.timeProducts();
    }
  }

  /** What was measured so far. */
  public Profile profile() {
    return profile;
  }

  /** Nanoseconds in products so far; other kernels than oneDNN's weave products and the rest. */
  private long productNanos() {
    return inner instanceof OneDnnKernels oneDnn ? oneDnn.productNanos() : 0;
  }

  private void time(Profile.Phase phase, Runnable call) {
    long products = productNanos();
    long busy = workers().busyNanos();
    long start = System.nanoTime();
    call.run();
    long total = workers().members() * (System.nanoTime() - start);
    long waiting = total - (workers().busyNanos() - busy);
    profile.add(phase, total, productNanos() - products, waiting);
  }

  @Override
  public String name() {
    return inner.name();
  }

  @Override
  public Workers workers() {
    return inner.workers();
  }

  @Override
  public List<Precision> precisions() {
    return inner.precisions();
  }

  @Override
  public Activations activations(Arena arena, int maxRows, int width, Precision precision) {
    return inner.activations(arena, maxRows, width, precision);
  }

  /** Layers of the caller's own: the output head. */
  @Override
  public Linear linear(List<Weights> stacked, Precision precision) {
    return new ProfiledLinear(inner.linear(stacked, precision), Profile.Phase.HEAD);
  }

  /** Layers of a model's blocks. */
  @Override
  public Linear linear(List<Weights> stacked, Precision precision, PackedMemory memory) {
    return new ProfiledLinear(inner.linear(stacked, precision, memory), Profile.Phase.LINEAR);
  }

  @Override
  public boolean packs() {
    return inner.packs();
  }

  @Override
  public String identity() {
    return inner.identity();
  }

  @Override
  public KvSpan span(Arena arena, int blocks, Heads heads, int capacity, Precision precision) {
    return inner.span(arena, blocks, heads, capacity, precision);
  }

  @Override
  public long spanBytes(int blocks, Heads heads, int capacity, Precision precision) {
    return inner.spanBytes(blocks, heads, capacity, precision);
  }

  @Override
  public void embed(Weights table, int[] ids, Tensor out) {
    time(Profile.Phase.EMBEDDING, () -> inner.embed(table, ids, out));
  }

  @Override
  public void rmsNorm(Tensor x, int rows, Tensor gain, float eps, Activations out) {
    time(Profile.Phase.NORM, () -> inner.rmsNorm(x, rows, gain, eps, out));
  }

  @Override
  public void swiglu(Tensor gateUp, int rows, Activations out) {
    time(Profile.Phase.SWIGLU, () -> inner.swiglu(gateUp, rows, out));
  }

  @Override
  public void ropeAndStore(
      Tensor qkv, List<Slice> slices, int block, Heads heads, float[] frequencies) {
    time(Profile.Phase.ROPE, () -> inner.ropeAndStore(qkv, slices, block, heads, frequencies));
  }

  @Override
  public void attention(Tensor qkv, List<Slice> slices, int block, Heads heads, Activations out) {
    time(Profile.Phase.ATTENTION, () -> inner.attention(qkv, slices, block, heads, out));
  }

  @Override
  public List<Preparation> preparations(
      Heads heads, Precision precision, int rowsMax, int tokensMin, int tokensMax) {
    return inner.preparations(heads, precision, rowsMax, tokensMin, tokensMax);
  }

  @Override
  public ProductCounts productCounts() {
    return inner.productCounts();
  }

  @Override
  public void read(Activations in, int rows, Tensor out) {
    inner.read(in, rows, out);
  }

  @Override
  public void write(Tensor in, int rows, Activations out) {
    inner.write(in, rows, out);
  }

  @Override
  public double productGops(Precision precision, long nanos) {
    return inner.productGops(precision, nanos);
  }

  @Override
  public void close() {
    inner.close();
  }

  /** A layer with a clock. */
  private final class ProfiledLinear extends ForwardingLinear {
    private final Profile.Phase phase;

    ProfiledLinear(Linear layer, Profile.Phase phase) {
      super(layer);
      this.phase = phase;
    }

    @Override
    public void forward(Activations x, int rows, Tensor out, boolean accumulate) {
      time(phase, () -> super.forward(x, rows, out, accumulate));
    }
  }
}
