package dev.pukara.model;

import dev.pukara.kernels.Weights;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Supplier;

/**
 * A Llama in a GGUF file, given out in transformers' names and row order.
 *
 * <p>GGUF stores the rows of the query and key projections so that the two rows which RoPE turns
 * together are neighbours; {@link #rowOrder} undoes that without moving a byte.
 *
 * <p>Threads: free, until {@link #close()}.
 */
final class GgufModel implements ModelFile {
  private static final int ROPE_FACTORS_MAX = 4096;

  private final Path path;
  private final Arena arena;
  private final MemorySegment data;
  private final GgufFile gguf;
  private final GgufMetadata metadata;
  private final LlamaConfig config;
  private final StoredTensors tensors;
  private final Supplier<String> digest;
  private final Supplier<TokenizerSpec> tokenizer;

  /** Reads the header of a mapped file. @param arena owner of the mapping, closed with this */
  GgufModel(Path path, Arena arena, MemorySegment data) {
    String file = MappedFile.name(path);
    this.path = path;
    this.arena = arena;
    this.data = data;
    this.gguf = GgufFile.parse(file, data);
    this.metadata = new GgufMetadata(file, gguf.metadata());
    requireWhole(file);
    this.tensors = new StoredTensors(file, renamed(file, gguf));
    this.config = config(file);
    this.digest = Once.of(() -> DigestMemo.of(path, data));
    this.tokenizer = Once.of(this::readTokenizer);
  }

  static GgufModel open(Path path) throws IOException {
    Arena arena = Arena.ofShared();
    try {
      return new GgufModel(path, arena, MappedFile.map(path, arena));
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }

  /** A part of a split model lacks tensors, and all but the first lack the configuration too. */
  private void requireWhole(String file) {
    int parts = metadata.optionalInteger("split.count").orElse(1);
    if (parts > 1) {
      throw new FormatException(
          file
              + ": one of "
              + parts
              + " parts of a model, expected the whole; join them with llama.cpp's"
              + " llama-gguf-split --merge");
    }
  }

  private static SequencedMap<String, StoredTensor> renamed(String file, GgufFile gguf) {
    SequencedMap<String, StoredTensor> renamed = new LinkedHashMap<>();
    gguf.tensors()
        .forEach(
            (name, tensor) -> {
              String theirs = LlamaTensors.fromGguf(name).orElse(name);
              if (renamed.put(theirs, tensor) != null) {
                throw new FormatException(
                    file
                        + ": tensor "
                        + theirs
                        + " under two names, expected one; "
                        + FormatException.FETCH_AGAIN);
              }
            });
    return renamed;
  }

  private LlamaConfig config(String file) {
    StoredTensor embedding = tensors.byName().get(LlamaTensors.EMBEDDING);
    // Without an embedding LlamaTensors.check names what is missing.
    long vocabulary = embedding == null ? 1 : embedding.info().shape()[0];
    LlamaConfig read =
        GgufLlama.read(
            metadata, Math.toIntExact(vocabulary), ropeFactors(), !tensors.has(LlamaTensors.HEAD));
    SequencedMap<String, StoredTensor> checkpoint = new LinkedHashMap<>(tensors.byName());
    checkpoint.remove(LlamaTensors.ROPE_FACTORS);
    LlamaTensors.check(file, read, checkpoint);
    if (read.ropeScaling() instanceof RopeScaling.Factors(float[] divisors)
        && divisors.length != read.headSize() / 2) {
      throw metadata.broken(
          LlamaTensors.ROPE_FACTORS
              + " has "
              + divisors.length
              + " values, expected "
              + read.headSize() / 2
              + ", half the head size");
    }
    return read;
  }

  private Optional<float[]> ropeFactors() {
    StoredTensor factors = tensors.byName().get(LlamaTensors.ROPE_FACTORS);
    if (factors == null) {
      return Optional.empty();
    }
    long length = factors.info().shape()[factors.info().shape().length - 1];
    return Optional.of(
        tensors.vector(LlamaTensors.ROPE_FACTORS, (int) Math.min(length, ROPE_FACTORS_MAX)));
  }

  private TokenizerSpec readTokenizer() {
    TokenizerSpec spec = GgufTokenizer.read(metadata);
    if (spec.tokens().size() > config.vocabulary()) {
      throw metadata.broken(
          spec.tokens().size()
              + " tokens, expected at most the "
              + config.vocabulary()
              + " rows of the embedding");
    }
    return spec;
  }

  /** The metadata with their GGUF types. */
  SequencedMap<String, GgufValue> typedMetadata() {
    return gguf.metadata();
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public LlamaConfig config() {
    return config;
  }

  @Override
  public Weights weights(String name, int rows, int cols) {
    int heads =
        name.endsWith(LlamaTensors.Q_PROJ)
            ? config.queryHeads()
            : name.endsWith(LlamaTensors.K_PROJ) ? config.kvHeads() : 0;
    return tensors.weights(name, rows, cols, heads == 0 ? null : rowOrder(heads, rows / heads));
  }

  /**
   * Where GGUF stores the rows of a query or key projection: row {@code p * size/2 + j} of a head
   * lies at {@code 2 * j + p} of that head's rows.
   */
  static int[] rowOrder(int heads, int headSize) {
    int[] order = new int[heads * headSize];
    int half = headSize / 2;
    for (int head = 0; head < heads; head++) {
      int first = head * headSize;
      for (int j = 0; j < half; j++) {
        order[first + j] = first + 2 * j;
        order[first + half + j] = first + 2 * j + 1;
      }
    }
    return order;
  }

  @Override
  public float[] vector(String name, int length) {
    return tensors.vector(name, length);
  }

  @Override
  public boolean has(String name) {
    return tensors.has(name);
  }

  @Override
  public SequencedMap<String, TensorInfo> tensors() {
    return tensors.infos();
  }

  @Override
  public Map<String, Object> metadata() {
    Map<String, Object> plain = new LinkedHashMap<>();
    gguf.metadata().forEach((key, value) -> plain.put(key, value.plain()));
    return Collections.unmodifiableMap(plain);
  }

  @Override
  public TokenizerSpec tokenizer() {
    return tokenizer.get();
  }

  @Override
  public Optional<String> chatTemplate() {
    return metadata.optionalString(GgufTokenizer.CHAT_TEMPLATE);
  }

  @Override
  public long bytes() {
    return data.byteSize();
  }

  @Override
  public String digest() {
    return digest.get();
  }

  @Override
  public Optional<String> knownDigest() {
    return DigestMemo.known(path, data);
  }

  @Override
  public void close() {
    arena.close();
  }
}
