package dev.pukara.model;

import dev.pukara.kernels.BlockFormat;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SplittableRandom;

/**
 * Models with random weights in the shape of real ones, for benchmarks and tests where no weights
 * can be had. llama.cpp loads them too. What they say is noise.
 *
 * <p>Weights are normal with variance {@code 1 / inputs}, so activations stay of order one and
 * logits spread by about one. To be quick, each tensor draws {@link #RING_UNITS} * 32 values once
 * and repeats them: its rows are shifted copies of one random ring. Speed is that of a real model
 * (no format's cost depends on the values), the rank of large matrices is not.
 */
public final class SyntheticModel {
  /** A prime, so that rows of any width start at different places of the ring. */
  private static final int RING_UNITS = 8191;

  private static final int UNIT_VALUES = 32;

  private SyntheticModel() {}

  /** A real model's shape. */
  public enum Shape {
    /** Llama Guard 3-1B: Llama 3.2 1B. */
    LLAMA_GUARD_3_1B(
        new LlamaConfig(16, 2048, 8192, 32, 8, 64, 128_256, 131_072, 1e-5f, 5e5, llama3(32), true)),
    /** Llama Guard 3-8B: Llama 3.1 8B. */
    LLAMA_GUARD_3_8B(
        new LlamaConfig(
            32, 4096, 14_336, 32, 8, 128, 128_256, 131_072, 1e-5f, 5e5, llama3(8), false)),
    /** SmolLM2-135M. */
    SMOLLM2_135M(
        new LlamaConfig(
            30, 576, 1536, 9, 3, 64, 49_152, 8192, 1e-5f, 1e5, new RopeScaling.None(), true)),
    /** No real one: the smallest that still has everything, for tests. */
    TINY(
        new LlamaConfig(
            2, 64, 192, 4, 2, 16, 1024, 8192, 1e-5f, 1e4, new RopeScaling.None(), true));

    private final LlamaConfig config;

    Shape(LlamaConfig config) {
      this.config = config;
    }

    private static RopeScaling llama3(double factor) {
      return new RopeScaling.Llama3(factor, 1, 4, 8192);
    }

    /** The name on the command line: {@code llama-guard-3-1b}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Its configuration. */
    public LlamaConfig config() {
      return config;
    }

    /** The shape with this label. */
    public static Optional<Shape> labelled(String label) {
      return Arrays.stream(values()).filter(shape -> shape.label().equals(label)).findFirst();
    }
  }

  /**
   * Writes a GGUF file; it is streamed, so its size is no matter of memory.
   *
   * @param types storage types; what is not given is Q8_0
   * @param seed the same seed gives the same file
   * @param tokenizer a real model's vocabulary; empty: a made-up one of the shape's size
   * @throws IllegalArgumentException if the vocabulary is larger than the shape's
   */
  public static WrittenModel write(
      Shape shape, StorageTypes types, long seed, Optional<TokenizerSpec> tokenizer, Path target)
      throws IOException {
    LlamaConfig config = shape.config();
    TokenizerSpec spec = tokenizer.orElseGet(() -> SyntheticVocabulary.of(config.vocabulary()));
    if (spec.tokens().size() > config.vocabulary()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%d tokens, expected at most the %d of %s",
              spec.tokens().size(),
              config.vocabulary(),
              shape.label()));
    }
    Ring ring = new Ring();
    List<TensorContent> tensors = new ArrayList<>();
    for (LlamaTensors.Shape tensor : LlamaTensors.shapes(config)) {
      tensors.add(
          tensor.vector()
              ? TensorContent.vector(tensor.name(), ones(tensor.cols()))
              : matrix(tensor, types.of(tensor.name()).orElse(BlockFormat.Q8_0), seed, ring));
    }
    SequencedMap<String, GgufValue> metadata = new LinkedHashMap<>();
    GgufContent.describe(
        metadata, "synthetic " + shape.label(), config, Optional.of(spec), Optional.empty());
    metadata.put("general.description", GgufValue.string("random weights, seed " + seed));
    List<TensorContent> placed = GgufContent.tensors(config, tensors);
    GgufContent.describeStorage(metadata, placed);
    GgufWriter.write(target, metadata, placed);
    return ModelConverter.report(target, placed, List.of("random weights: what it says is noise"));
  }

  private static float[] ones(int length) {
    float[] ones = new float[length];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static TensorContent matrix(
      LlamaTensors.Shape tensor, BlockFormat format, long seed, Ring ring) {
    int rowUnits = tensor.cols() / UNIT_VALUES;
    long ringSeed = seed * 1_000_003 + tensor.name().hashCode();
    return new TensorContent(
        tensor.name(),
        format,
        tensor.dimensions(),
        (row, target) -> {
          if (row == 0) {
            ring.draw(format, ringSeed, tensor.cols());
          }
          ring.copy((long) row * rowUnits, target);
        });
  }

  /** The values of the tensor that is being written; rows are asked for from the first on. */
  private static final class Ring {
    private static final int VALUES = RING_UNITS * UNIT_VALUES;

    private final float[] values = new float[VALUES];
    private final MemorySegment units = Arena.ofAuto().allocate(BlockFormat.F32.bytesOf(VALUES));
    private long unitBytes;

    void draw(BlockFormat format, long seed, int inputs) {
      SplittableRandom random = new SplittableRandom(seed);
      double deviation = 1 / Math.sqrt(inputs);
      for (int i = 0; i < VALUES; i++) {
        values[i] = (float) (random.nextGaussian() * deviation);
      }
      format.encode(MemorySegment.ofArray(values), 0, VALUES, units);
      unitBytes = format.bytesOf(UNIT_VALUES);
    }

    /** Fills {@code target} with the units from number {@code from} on, around the ring. */
    void copy(long from, MemorySegment target) {
      long bytes = RING_UNITS * unitBytes;
      long at = from % RING_UNITS * unitBytes;
      for (long done = 0; done < target.byteSize(); ) {
        long count = Math.min(target.byteSize() - done, bytes - at);
        MemorySegment.copy(units, at, target, done, count);
        done += count;
        at = (at + count) % bytes;
      }
    }
  }
}
