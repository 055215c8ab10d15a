package dev.pukara.model;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model whose linear layers are rounded with regard to what they read: prompts run through it
 * first, then each layer is stored so that its results on them change least ({@link
 * ErrorFeedback}). Embedding, head and norms are the source's.
 *
 * <p>Memory: squares of the layers' widths, about 0.4 GB for 135M parameters and 5 GB for a Llama
 * of 1B.
 */
public final class GuidedRounding implements TensorSource, AutoCloseable {
  private static final Pattern LAYER =
      Pattern.compile("model\\.layers\\.(\\d+)\\.(self_attn|mlp)\\.(\\w+)_proj\\.weight");

  private final ModelFile source;
  private final Kernels kernels;
  private final StorageTypes types;
  private final InputMoments moments;
  private final Arena arena = Arena.ofShared();

  private @Nullable Place place;
  private @Nullable ErrorFeedback feedback;

  /** A prompt's tokens; prefixes are shared by many. */
  public record Prompt(int[] prefix, int[] rest) {}

  private record Place(LinearKind kind, int block) {}

  private GuidedRounding(
      ModelFile source, Kernels kernels, StorageTypes types, InputMoments moments) {
    this.source = source;
    this.kernels = kernels;
    this.types = types;
    this.moments = moments;
  }

  /**
   * Runs the prompts.
   *
   * @param types Q4_0, Q5_0 or Q8_0 for the linear layers
   * @param prompts some thousand different tokens at least
   * @param seen hears how many prompts are done
   * @throws IllegalArgumentException if the layers' type is another one, or there is no prompt
   */
  public static GuidedRounding of(
      ModelFile source,
      Kernels kernels,
      StorageTypes types,
      List<Prompt> prompts,
      IntConsumer seen) {
    if (Stream.of(types.linear(), types.of(LlamaTensors.DOWN_PROJ))
        .anyMatch(type -> type.isEmpty() || !type.get().isScaled())) {
      throw new IllegalArgumentException(
          "rounding by rows makes linear layers Q4_0, Q5_0 or Q8_0, not " + types);
    }
    if (prompts.isEmpty()) {
      throw new IllegalArgumentException("rounding by rows needs a prompt");
    }
    return new GuidedRounding(
        source, kernels, types, InputMoments.measure(source, kernels, prompts, seen));
  }

  @Override
  public Weights weights(String name, int rows, int cols) {
    Weights exact = source.weights(name, rows, cols);
    Optional<Place> layer = place(name);
    Optional<BlockFormat> format = types.of(name);
    return layer.isEmpty() || format.isEmpty() || cols % format.get().blockValues() != 0
        ? exact
        : rounded(exact, format.get(), feedback(layer.get()));
  }

  private static Optional<Place> place(String name) {
    Matcher layer = LAYER.matcher(name);
    if (!layer.matches()) {
      return Optional.empty();
    }
    LinearKind kind =
        switch (layer.group(3)) {
          case "o" -> LinearKind.ATTENTION_OUTPUT;
          case "gate", "up" -> LinearKind.GATE_UP;
          case "down" -> LinearKind.DOWN;
          default -> LinearKind.QKV;
        };
    return Optional.of(new Place(kind, Integer.parseInt(layer.group(1))));
  }

  /** Matrices that read the same come one after the other. */
  private ErrorFeedback feedback(Place wanted) {
    ErrorFeedback last = feedback;
    if (last == null || !wanted.equals(place)) {
      last = ErrorFeedback.of(moments.of(wanted.kind(), wanted.block()), kernels.workers());
      feedback = last;
      place = wanted;
    }
    return last;
  }

  private Weights rounded(Weights exact, BlockFormat format, ErrorFeedback layer) {
    int cols = exact.cols();
    long bytes = format.bytesOf(cols);
    MemorySegment stored = arena.allocate(bytes * exact.rows(), 64);
    kernels
        .workers()
        .split(
            exact.rows(),
            1,
            (from, to) -> {
              float[] values = new float[cols];
              MemorySegment row = MemorySegment.ofArray(values);
              for (int i = from; i < to; i++) {
                exact.format().decode(exact.row(i), 0, cols, row, 0);
                layer.round(values, format, stored.asSlice(i * bytes, bytes));
              }
            });
    return Weights.of(format, exact.rows(), cols, stored);
  }

  @Override
  public float[] vector(String name, int length) {
    return source.vector(name, length);
  }

  /** Frees the rounded weights too. */
  @Override
  public void close() {
    moments.close();
    arena.close();
  }
}
