package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.util.List;

/**
 * Matrix products and the vector math of a Llama block: the door of this module.
 *
 * <p>Three implementations: {@code ScalarKernels} (plain loops, the definition of correct), {@code
 * VectorKernels} (jdk.incubator.vector, every platform), {@code OneDnnKernels} (oneDNN for the
 * products, fast). A model gets its kernels by constructor; {@link #best()} chooses once.
 *
 * <p>Threads: an instance is used by one thread at a time, which spreads the work over its {@link
 * Workers}; a {@link Preparation} may be made beside it.
 */
public interface Kernels extends AutoCloseable {
  /** Name for logs and reports: {@code vector-512}. */
  String name();

  /** The threads that share the work. */
  Workers workers();

  /** The precisions that {@link #linear} can prepare on this machine. */
  List<Precision> precisions();

  /**
   * Makes room for {@code maxRows} rows of {@code width} values, as {@code precision}'s products
   * read them.
   */
  Activations activations(Arena arena, int maxRows, int width, Precision precision);

  /**
   * Prepares a linear layer whose weights are the given matrices one below the other (all with the
   * same columns).
   *
   * @throws KernelsException if {@code precision} is not among {@link #precisions()}
   */
  Linear linear(List<Weights> stacked, Precision precision);

  /**
   * The same with the prepared weights in {@code memory}, which belongs to the caller and outlives
   * the layer. Layers made in the same order from memory that was filled before are ready at once.
   *
   * @throws PackedMemory.MisfitException if the memory was filled by other layers
   */
  default Linear linear(List<Weights> stacked, Precision precision, PackedMemory memory) {
    return linear(stacked, precision);
  }

  /**
   * True if {@link #linear} copies weights into a form of its own; false if it reads them where
   * they lie.
   */
  default boolean packs() {
    return false;
  }

  /**
   * What the bits of packed weights, keys and values depend on besides the model: implementation,
   * versions, instruction sets.
   */
  default String identity() {
    return name();
  }

  /**
   * Makes an empty span for {@code capacity} tokens of a model of {@code blocks} blocks, whose
   * linear layers have {@code precision}.
   */
  default KvSpan span(Arena arena, int blocks, Heads heads, int capacity, Precision precision) {
    return KvSpan.allocate(arena, blocks, heads.kvHeads(), heads.size(), capacity);
  }

  /** Bytes that {@link #span} takes. */
  default long spanBytes(int blocks, Heads heads, int capacity, Precision precision) {
    return KvSpan.bytes(blocks, heads.kvHeads(), heads.size(), capacity);
  }

  /** Copies row {@code ids[i]} of {@code table} into row {@code i} of {@code out}, as f32. */
  void embed(Weights table, int[] ids, Tensor out);

  /**
   * {@code out[i] = x[i] / sqrt(mean(x[i]^2) + eps) * gain} for the first {@code rows} rows; gain
   * is {@code (1, w)}.
   */
  void rmsNorm(Tensor x, int rows, Tensor gain, float eps, Activations out);

  /** {@code out[i] = silu(gateUp[i][0..w)) * gateUp[i][w..2w)} for the first {@code rows} rows. */
  void swiglu(Tensor gateUp, int rows, Activations out);

  /**
   * Rotates queries and keys (RoPE, half-split pairs: {@code (x[j], x[j + size/2])} turns by {@code
   * position * frequencies[j]}) and stores keys and values of block {@code block} in each slice's
   * own span.
   *
   * @param qkv {@code (rows, heads.qkvWidth())}: queries (rotated in place), keys, values
   * @param frequencies {@code size / 2} angles per position
   */
  void ropeAndStore(Tensor qkv, List<Slice> slices, int block, Heads heads, float[] frequencies);

  /**
   * Causal grouped-query attention, {@code softmax(q K^T / sqrt(size)) V}, of every slice's rows
   * over its context and itself.
   *
   * @param qkv as {@link #ropeAndStore} left it
   * @param out rows of {@code queryHeads * size} values
   */
  void attention(Tensor qkv, List<Slice> slices, int block, Heads heads, Activations out);

  /**
   * What {@link #attention} makes at first use for slices of up to {@code rowsMax} rows that see
   * {@code tokensMin} to {@code tokensMax} tokens of a span, few tokens first; nothing for most
   * kernels.
   *
   * @param precision as in {@link #span}
   */
  default List<Preparation> preparations(
      Heads heads, Precision precision, int rowsMax, int tokensMin, int tokensMax) {
    return List.of();
  }

  /** Products compiled so far; any thread may ask. */
  default ProductCounts productCounts() {
    return ProductCounts.NONE;
  }

  /**
   * Makes f32 rows from {@code in}'s first {@code rows} rows (dequantised where they are
   * quantised).
   */
  void read(Activations in, int rows, Tensor out);

  /** Copies the first {@code rows} rows of {@code in} (quantising them if need be). */
  void write(Tensor in, int rows, Activations out);

  /**
   * The rate of bare matrix products of this precision on this machine, in 10^9 operations (a
   * multiplication and an addition are two) per second: the peak that a model's figures are
   * compared with. NaN if these kernels cannot tell.
   *
   * @param nanos for how long to measure
   */
  default double productGops(Precision precision, long nanos) {
    return Double.NaN;
  }

  /**
   * The fastest kernels that this JVM can run, or those that {@code -Dpukara.kernels=} names; on
   * all processors, or as many as {@code -Dpukara.threads=} says. Logs the choice.
   *
   * @throws KernelsException if the named kernels cannot run here; the message has the cure
   */
  static Kernels best() {
    return KernelsChoice.best(Workers.all());
  }

  /**
   * The kernels called {@code name}, one of {@code scalar}, {@code vector}, {@code onednn}, on all
   * processors.
   *
   * @throws IllegalArgumentException if there are no such kernels
   * @throws KernelsException if they cannot run here; the message has the cure
   */
  static Kernels named(String name) {
    return KernelsChoice.named(name, Workers.all());
  }

  /** True if this JVM was started with the Vector API; without it everything works, but slower. */
  static boolean vectorApi() {
    return KernelsChoice.vectorModule();
  }

  /**
   * Fails unless the Vector API is there.
   *
   * @param who works with nothing else
   * @throws KernelsException with the flag that brings it
   */
  static void requireVectorApi(String who) {
    KernelsChoice.requireVectorModule(who);
  }

  /** Ends the workers. Layers are closed by who made them. */
  @Override
  void close();
}
