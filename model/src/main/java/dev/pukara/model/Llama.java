package dev.pukara.model;

import dev.pukara.cache.CacheKey;
import dev.pukara.cache.UserCache;
import dev.pukara.kernels.Activations;
import dev.pukara.kernels.Heads;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.KvSpan;
import dev.pukara.kernels.Linear;
import dev.pukara.kernels.PackedMemory;
import dev.pukara.kernels.Precision;
import dev.pukara.kernels.Preparation;
import dev.pukara.kernels.ProductCounts;
import dev.pukara.kernels.Slice;
import dev.pukara.kernels.Tensor;
import dev.pukara.kernels.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The forward pass of the Llama architecture over a ragged batch: embedding, blocks of
 * grouped-query attention and SwiGLU with pre-normalisation, final norm, output head restricted to
 * the rows that are asked for.
 *
 * <p>Sources: "Llama 2" (arXiv 2307.09288), "The Llama 3 Herd of Models" (arXiv 2407.21783);
 * numerics follow transformers' {@code LlamaForCausalLM}, against which the golden tests compare.
 *
 * <p>Threads: one at a time. The intermediate tensors are allocated once for {@code maxRows} rows.
 */
public final class Llama implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Llama.class);

  private final ModelFile file;
  private final LlamaConfig config;
  private final Kernels kernels;
  private final Precision precision;
  private final Heads heads;
  private final Weights embedding;
  private final Weights headWeights;
  private final float[] frequencies;
  private final List<Block> blocks = new ArrayList<>();
  private final List<Linear> layers = new ArrayList<>();
  private final Tensor finalGain;
  private final Arena arena = Arena.ofShared();
  private final Workspace work;
  private final HeadRows headRows;

  /** What the blocks' layers were packed into. */
  private final PackedMemory packed;

  /** Writes the packed weights into the user's cache; no thread if there is nothing to write. */
  private Optional<Thread> keeper = Optional.empty();

  /** Intermediate results, {@code maxRows} rows each, reused by every block. */
  private static final class Workspace {
    final int maxRows;

    /** Residual stream {@code (maxRows, width)}. */
    final Tensor hidden;

    /** Queries, keys, values {@code (maxRows, qkvWidth)}. */
    final Tensor qkv;

    /** Gate and up projections {@code (maxRows, 2 * feedForward)}. */
    final Tensor gateUp;

    /** Normed rows of width {@code width}. */
    final Activations normed;

    /** Attention output, rows of width {@code queryHeads * headSize}. */
    final Activations attended;

    /** SwiGLU output, rows of width {@code feedForward}. */
    final Activations inner;

    Workspace(Arena arena, Kernels kernels, LlamaConfig c, Heads heads, Precision p, int maxRows) {
      this.maxRows = maxRows;
      hidden = Tensor.allocate(arena, maxRows, c.width());
      qkv = Tensor.allocate(arena, maxRows, heads.qkvWidth());
      gateUp = Tensor.allocate(arena, maxRows, 2 * c.feedForward());
      normed = kernels.activations(arena, maxRows, c.width(), p);
      attended = kernels.activations(arena, maxRows, heads.queryHeads() * heads.size(), p);
      inner = kernels.activations(arena, maxRows, c.feedForward(), p);
    }
  }

  /** One transformer block. */
  private final class Block {
    final int index;
    final Tensor attentionGain;
    final Tensor mlpGain;

    /** {@code q_proj}, {@code k_proj}, {@code v_proj} one below the other. */
    final Linear qkvProj;

    final Linear oProj;

    /** {@code gate_proj} above {@code up_proj}. */
    final Linear gateUpProj;

    final Linear downProj;

    Block(ModelFile file, int index, LinearWatch watch) {
      this.index = index;
      String prefix = "model.layers." + index + ".";
      int width = config.width();
      int ff = config.feedForward();
      int qWidth = heads.queryHeads() * heads.size();
      int kvWidth = heads.kvHeads() * heads.size();
      attentionGain = gain(file, prefix + "input_layernorm.weight");
      mlpGain = gain(file, prefix + "post_attention_layernorm.weight");
      qkvProj =
          linear(
              watch,
              LinearKind.QKV,
              file.weights(prefix + "self_attn.q_proj.weight", qWidth, width),
              file.weights(prefix + "self_attn.k_proj.weight", kvWidth, width),
              file.weights(prefix + "self_attn.v_proj.weight", kvWidth, width));
      oProj =
          linear(
              watch,
              LinearKind.ATTENTION_OUTPUT,
              file.weights(prefix + "self_attn.o_proj.weight", width, qWidth));
      gateUpProj =
          linear(
              watch,
              LinearKind.GATE_UP,
              file.weights(prefix + "mlp.gate_proj.weight", ff, width),
              file.weights(prefix + "mlp.up_proj.weight", ff, width));
      downProj =
          linear(watch, LinearKind.DOWN, file.weights(prefix + "mlp.down_proj.weight", width, ff));
    }

    private Linear linear(LinearWatch watch, LinearKind kind, Weights... stacked) {
      List<Weights> weights = List.of(stacked);
      Linear linear = watch.watch(kind, weights, kernels.linear(weights, precision, packed));
      if (kernels.packs()) {
        weights.forEach(Weights::letGo);
      }
      layers.add(linear);
      return linear;
    }

    void forward(int rows, List<Slice> slices) {
      kernels.rmsNorm(work.hidden, rows, attentionGain, config.eps(), work.normed);
      attention(rows, slices);
      kernels.rmsNorm(work.hidden, rows, mlpGain, config.eps(), work.normed);
      mlp(rows);
    }

    private void attention(int rows, List<Slice> slices) {
      qkvProj.forward(work.normed, rows, work.qkv, false);
      kernels.ropeAndStore(work.qkv, slices, index, heads, frequencies);
      kernels.attention(work.qkv, slices, index, heads, work.attended);
      oProj.forward(work.attended, rows, work.hidden, true);
    }

    private void mlp(int rows) {
      gateUpProj.forward(work.normed, rows, work.gateUp, false);
      kernels.swiglu(work.gateUp, rows, work.inner);
      downProj.forward(work.inner, rows, work.hidden, true);
    }
  }

  /**
   * The output head for some tokens only; a guard needs two to thirty of them.
   *
   * @param linear weights of those rows, f32
   */
  public record Head(int[] tokens, Linear linear) implements AutoCloseable {
    @Override
    public void close() {
      linear.close();
    }
  }

  /**
   * Prepares the weights of {@code file}, or takes them as an earlier run left them in {@code
   * cache}.
   *
   * @see #Llama(ModelFile, Kernels, Precision, int)
   */
  public static Llama open(
      ModelFile file,
      Kernels kernels,
      Precision precision,
      int maxRows,
      Optional<UserCache> cache) {
    long start = System.nanoTime();
    Optional<PackedStore> store =
        cache
            .filter(any -> kernels.packs() && precision != Precision.F32)
            .map(place -> new PackedStore(place, file, kernels, precision));
    Optional<PackedMemory> kept = store.flatMap(PackedStore::find);
    if (kept.isPresent()) {
      try {
        Llama model = new Llama(file, kernels, precision, maxRows, kept.get(), LinearWatch.NONE);
        log.debug("packed weights mapped in {} ms", millisSince(start));
        return model;
      } catch (PackedMemory.MisfitException e) {
        log.debug("packed weights are made again: {}", e.getMessage());
      }
    }
    Llama model = new Llama(file, kernels, precision, maxRows);
    log.debug("weights packed in {} ms", millisSince(start));
    model.keeper = store.map(place -> place.keep(model.packed.pieces()));
    return model;
  }

  private static long millisSince(long start) {
    return (System.nanoTime() - start) / 1_000_000;
  }

  /**
   * Prepares the weights of {@code file}, which must stay open as long as this is used.
   *
   * @param kernels what computes; one thread at a time
   * @param precision of the linear layers
   * @param maxRows most tokens in one call of {@link #forward}
   */
  public Llama(ModelFile file, Kernels kernels, Precision precision, int maxRows) {
    this(file, kernels, precision, maxRows, PackedMemory.empty(), LinearWatch.NONE);
  }

  /** The same with {@code watch} between the model and its linear layers. */
  static Llama watched(
      ModelFile file, Kernels kernels, Precision precision, int maxRows, LinearWatch watch) {
    return new Llama(file, kernels, precision, maxRows, PackedMemory.empty(), watch);
  }

  private Llama(
      ModelFile file,
      Kernels kernels,
      Precision precision,
      int maxRows,
      PackedMemory packed,
      LinearWatch watch) {
    this.file = file;
    this.packed = packed;
    this.config = file.config();
    this.kernels = kernels;
    this.precision = precision;
    try {
      int width = config.width();
      this.heads = new Heads(config.queryHeads(), config.kvHeads(), config.headSize());
      this.frequencies = config.ropeScaling().frequencies(config.ropeBase(), config.headSize());
      this.embedding = file.weights("model.embed_tokens.weight", config.vocabulary(), width);
      this.headWeights =
          config.tiedHead()
              ? embedding
              : file.weights("lm_head.weight", config.vocabulary(), width);
      this.finalGain = gain(file, "model.norm.weight");
      this.work = new Workspace(arena, kernels, config, heads, precision, maxRows);
      for (int i = 0; i < config.blocks(); i++) {
        blocks.add(new Block(file, i, watch));
      }
      packed.complete();
      this.headRows = new HeadRows(kernels, width);
    } catch (Throwable e) {
      free();
      throw e;
    }
  }

  private Tensor gain(ModelFile file, String name) {
    return Tensor.of(arena, 1, config.width(), file.vector(name, config.width()));
  }

  /** Shape of the model. */
  public LlamaConfig config() {
    return config;
  }

  /** Precision of the linear layers. */
  public Precision precision() {
    return precision;
  }

  /** What the bits of keys and values depend on besides the tokens; reads the whole file once. */
  public CacheKey cacheKey() {
    return PackedStore.key(file.digest(), kernels, precision);
  }

  /** The same if the file need not be read for it. */
  public Optional<CacheKey> knownCacheKey() {
    return file.knownDigest().map(digest -> PackedStore.key(digest, kernels, precision));
  }

  /** The file's name, for people. */
  public String name() {
    return MappedFile.name(file.path());
  }

  /** Most tokens in one call of {@link #forward}. */
  public int maxRows() {
    return work.maxRows;
  }

  /** Native memory of the prepared weights. */
  public long residentBytes() {
    return layers.stream().mapToLong(Linear::residentBytes).sum();
  }

  /**
   * What the layers make at first use, for every number of tokens in a call of {@link #forward},
   * few first. Threads: any, beside a forward pass too.
   */
  public List<Preparation> layerPreparations() {
    return layers.stream()
        .flatMap(layer -> layer.preparations(maxRows()).stream())
        .distinct()
        .sorted(Comparator.comparingInt(Preparation::rows))
        .toList();
  }

  /**
   * What attention over {@code tokensMin} to {@code tokensMax} tokens of a span makes at first use,
   * few tokens first. Threads: any, beside a forward pass too.
   */
  public List<Preparation> attentionPreparations(int tokensMin, int tokensMax) {
    return kernels.preparations(heads, precision, maxRows(), tokensMin, tokensMax);
  }

  /** Products that the kernels have compiled so far; any thread may ask. */
  public ProductCounts productCounts() {
    return kernels.productCounts();
  }

  /** Makes an empty span for {@code tokens} tokens of this model. */
  public KvSpan span(Arena owner, int tokens) {
    return kernels.span(owner, config.blocks(), heads, tokens, precision);
  }

  /** Bytes of a span for {@code tokens} tokens. */
  public long spanBytes(int tokens) {
    return kernels.spanBytes(config.blocks(), heads, tokens, precision);
  }

  /**
   * Runs all blocks over the batch. Keys and values of the new tokens are stored in the slices' own
   * spans; the residual stream of the last call is kept for {@link #logits}.
   *
   * @param tokens the new tokens of all slices, slice after slice
   */
  public void forward(int[] tokens, List<Slice> slices) {
    check(tokens, slices);
    kernels.embed(embedding, tokens, work.hidden);
    for (Block block : blocks) {
      block.forward(tokens.length, slices);
    }
  }

  private void check(int[] tokens, List<Slice> slices) {
    if (tokens.length > work.maxRows) {
      throw new IllegalArgumentException(
          tokens.length + " tokens, at most " + work.maxRows + " in one pass");
    }
    int rows = 0;
    for (Slice slice : slices) {
      if (slice.firstRow() != rows) {
        throw new IllegalArgumentException(
            "slice at row " + slice.firstRow() + ", expected " + rows);
      }
      rows += slice.rowCount();
    }
    if (rows != tokens.length) {
      throw new IllegalArgumentException("slices hold " + rows + " rows, tokens " + tokens.length);
    }
    for (int token : tokens) {
      if (token < 0 || token >= config.vocabulary()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT, "token %d, vocabulary 0..%d", token, config.vocabulary() - 1));
      }
    }
  }

  /** A head for the given tokens. */
  public Head head(int[] tokens) {
    return new Head(
        tokens.clone(), kernels.linear(List.of(headWeights.select(tokens)), Precision.F32));
  }

  /** The head for the whole vocabulary, in order of the ids. */
  public Head fullHead() {
    int[] all = new int[config.vocabulary()];
    for (int i = 0; i < all.length; i++) {
      all[i] = i;
    }
    return new Head(all, kernels.linear(List.of(headWeights), Precision.F32));
  }

  /**
   * Logits of the head's tokens after the given rows of the last {@link #forward}.
   *
   * @return {@code (rows.length, head.tokens().length)}
   */
  public float[][] logits(int[] rows, Head head) {
    headRows.reserve(rows.length, head.tokens().length);
    for (int i = 0; i < rows.length; i++) {
      MemorySegment row = work.hidden.rows(rows[i], 1).segment();
      headRows.picked().rows(i, 1).segment().copyFrom(row.asSlice(0, 4L * config.width()));
    }
    kernels.rmsNorm(headRows.picked(), rows.length, finalGain, config.eps(), headRows.normed());
    Tensor out = headRows.logits(rows.length, head.tokens().length);
    head.linear().forward(headRows.normed(), rows.length, out, false);
    float[][] logits = new float[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      logits[i] = out.row(i);
    }
    return logits;
  }

  private static void await(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Frees weights and workspace; the kernels and the file are their owner's. */
  @Override
  public void close() {
    keeper.ifPresent(Llama::await);
    headRows.close();
    free();
  }

  private void free() {
    layers.forEach(Linear::close);
    packed.close();
    arena.close();
  }
}
