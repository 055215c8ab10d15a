package dev.pukara.model;

import dev.pukara.kernels.Activations;
import dev.pukara.kernels.ForwardingLinear;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.KvSpan;
import dev.pukara.kernels.Linear;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.MatrixProducts;
import dev.pukara.kernels.Precision;
import dev.pukara.kernels.Slice;
import dev.pukara.kernels.Tensor;
import java.lang.foreign.Arena;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntConsumer;

/**
 * What the linear layers of a model read: for each the sum of {@code x^T x} over all tokens of some
 * prompts, {@code (inputs, inputs)}.
 */
final class InputMoments implements AutoCloseable {
  /** Tokens of one forward pass; it is made longer for a longer text. */
  private static final int ROWS = 2048;

  private final Map<LinearKind, List<Tensor>> sums = new EnumMap<>(LinearKind.class);
  private final Arena arena = Arena.ofShared();

  /** How often the rows of this pass count. */
  private float weight = 1;

  private InputMoments() {}

  /**
   * Runs the prompts in f32. A prefix is run once and counts for all prompts that begin with it.
   *
   * @param seen hears how many prompts are done
   */
  static InputMoments measure(
      ModelFile file, Kernels kernels, List<GuidedRounding.Prompt> prompts, IntConsumer seen) {
    int rows = Math.max(ROWS, prompts.stream().mapToInt(Prompts::longer).max().orElseThrow());
    InputMoments moments = new InputMoments();
    try (MatrixProducts products = MatrixProducts.best(kernels.workers());
        Arena work = Arena.ofShared();
        Llama model =
            Llama.watched(
                file,
                kernels,
                Precision.F32,
                rows,
                (kind, stacked, layer) ->
                    moments.watched(kernels, products, kind, layer, rows, work))) {
      int done = 0;
      for (Prompts group : Prompts.byPrefix(prompts)) {
        moments.run(model, group, rows, done, seen);
        done += group.rests().size();
      }
    } catch (RuntimeException | Error e) {
      moments.close();
      throw e;
    }
    return moments;
  }

  /** Prompts that begin alike. */
  private record Prompts(int[] prefix, List<int[]> rests) {
    static List<Prompts> byPrefix(List<GuidedRounding.Prompt> prompts) {
      Map<IntBuffer, Prompts> groups = new LinkedHashMap<>();
      for (GuidedRounding.Prompt prompt : prompts) {
        groups
            .computeIfAbsent(
                IntBuffer.wrap(prompt.prefix()),
                key -> new Prompts(prompt.prefix(), new ArrayList<>()))
            .rests()
            .add(prompt.rest());
      }
      return List.copyOf(groups.values());
    }

    static int longer(GuidedRounding.Prompt prompt) {
      return Math.max(prompt.prefix().length, prompt.rest().length);
    }
  }

  private void run(Llama model, Prompts group, int rowsMax, int doneBefore, IntConsumer seen) {
    try (Arena memory = Arena.ofShared()) {
      int[] prefix = group.prefix();
      List<Slice.Part> context = new ArrayList<>();
      if (prefix.length > 0) {
        KvSpan span = model.span(memory, prefix.length);
        weight = group.rests().size();
        model.forward(prefix, List.of(new Slice(0, prefix.length, List.of(), span, 0)));
        weight = 1;
        context.add(new Slice.Part(span, prefix.length));
      }
      int at = 0;
      while (at < group.rests().size()) {
        at = pass(model, context, group.rests(), at, rowsMax);
        seen.accept(doneBefore + at);
      }
    }
  }

  /** As many texts as fit; the next one's number comes back. */
  private static int pass(
      Llama model, List<Slice.Part> context, List<int[]> texts, int from, int rowsMax) {
    try (Arena memory = Arena.ofShared()) {
      List<Slice> slices = new ArrayList<>();
      int[] tokens = new int[rowsMax];
      int rows = 0;
      int at = from;
      while (at < texts.size() && rows + texts.get(at).length <= rowsMax) {
        int[] text = texts.get(at++);
        KvSpan span = model.span(memory, text.length);
        slices.add(new Slice(rows, text.length, context, span, 0));
        System.arraycopy(text, 0, tokens, rows, text.length);
        rows += text.length;
      }
      model.forward(Arrays.copyOf(tokens, rows), slices);
      return at;
    }
  }

  private Linear watched(
      Kernels kernels,
      MatrixProducts products,
      LinearKind kind,
      Linear layer,
      int rows,
      Arena work) {
    Tensor sum = Tensor.allocate(arena, layer.inputs(), layer.inputs());
    sums.computeIfAbsent(kind, any -> new ArrayList<>()).add(sum);
    Tensor read = Tensor.allocate(work, rows, layer.inputs());
    return new Watched(kernels, products, layer, sum, read);
  }

  /** The sum of the layer {@code kind} of a block. */
  Tensor of(LinearKind kind, int block) {
    return Objects.requireNonNull(sums.get(kind)).get(block);
  }

  @Override
  public void close() {
    arena.close();
  }

  /** A layer that adds what it reads to a sum. */
  private final class Watched extends ForwardingLinear {
    private final Kernels kernels;
    private final MatrixProducts products;
    private final Tensor sum;
    private final Tensor read;

    Watched(Kernels kernels, MatrixProducts products, Linear layer, Tensor sum, Tensor read) {
      super(layer);
      this.kernels = kernels;
      this.products = products;
      this.sum = sum;
      this.read = read;
    }

    @Override
    public void forward(Activations x, int rows, Tensor out, boolean accumulate) {
      read.segment().fill((byte) 0); // products of one size, whatever the number of rows
      kernels.read(x, rows, read);
      if (weight != 1) {
        scale(rows, (float) Math.sqrt(weight));
      }
      Matrix values = Matrix.of(read);
      products.multiply(values.transposed(), values, Matrix.of(sum), true);
      super.forward(x, rows, out, accumulate);
    }

    private void scale(int rows, float factor) {
      for (long i = 0; i < (long) rows * read.cols(); i++) {
        float value = read.segment().getAtIndex(Tensor.F32, i);
        read.segment().setAtIndex(Tensor.F32, i, value * factor);
      }
    }
  }
}
