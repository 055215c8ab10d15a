package dev.pukara.train;

import dev.pukara.kernels.AdamStep;
import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Element;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.MatrixProducts;
import dev.pukara.kernels.TrainingKernels;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * A linear layer {@code y = x W^T} whose weights are one or several tensors of the checkpoint, one
 * below the other: all trained, or changed by adapters, or left as they are.
 */
final class LinearLayer {
  private final List<BaseWeights.Part> parts;

  /** {@code (outputs, inputs)}, f32: what is trained, or the base model's. */
  private final Matrix weights;

  private final Optional<Parameter> parameter;
  private final List<Adapter> adapters = new ArrayList<>();

  /**
   * {@code (outputs, inputs)}: what the products read; {@link #weights} itself where that is f32
   * and nothing is ever done to it.
   */
  private Matrix compute;

  private final Arena arena;

  /** Reads the tensors of {@code base}. */
  LinearLayer(
      BaseWeights base,
      List<BaseWeights.Part> parts,
      int inputs,
      TrainerOptions options,
      SplittableRandom random) {
    this.parts = List.copyOf(parts);
    this.arena = base.arena();
    this.weights = base.stacked(parts, inputs);
    this.parameter =
        switch (options.tuning()) {
          case Tuning.Full _ ->
              Optional.of(
                  Parameter.of(
                      arena, parts.getFirst().name(), true, weights, options.averageDecay() > 0));
          case Tuning.Lora lora -> {
            addAdapters(lora, inputs, options, random);
            yield Optional.empty();
          }
        };
    boolean asItIs = options.products() == Element.F32 && adapters.isEmpty();
    this.compute =
        asItIs
            ? weights
            : Matrix.allocate(arena, options.products(), weights.rows(), weights.cols());
  }

  private void addAdapters(
      Tuning.Lora lora, int inputs, TrainerOptions options, SplittableRandom random) {
    int row = 0;
    for (BaseWeights.Part part : parts) {
      if (lora.targets().stream().anyMatch(name -> part.name().endsWith("." + name + ".weight"))) {
        adapters.add(new Adapter(arena, part, row, inputs, lora, options, random));
      }
      row += part.rows();
    }
  }

  /** What the optimizer moves. */
  List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(parameter.stream().toList());
    for (Adapter adapter : adapters) {
      all.add(adapter.a());
      all.add(adapter.b());
    }
    return all;
  }

  /**
   * Makes what the products read from the weights.
   *
   * @param scratch f32, at least as large as the weights
   */
  void refresh(
      MatrixProducts products,
      TrainingKernels kernels,
      Optional<BlockFormat> format,
      Matrix scratch) {
    if (format.isPresent() && compute == weights) {
      compute = Matrix.allocate(arena, Element.F32, weights.rows(), weights.cols());
    }
    if (adapters.isEmpty()) {
      Rounding.apply(kernels, format, weights, compute);
    } else {
      Rounding.apply(kernels, format, merged(products, kernels, scratch), compute);
    }
  }

  /** Moves what is trained, and makes what the products read anew. */
  void update(
      MatrixProducts products,
      TrainingKernels kernels,
      AdamStep step,
      Optional<BlockFormat> format,
      Matrix scratch) {
    boolean copied = parameter.isPresent() && format.isEmpty() && compute.element() == Element.BF16;
    for (Parameter own : parameters()) {
      own.update(kernels, step, copied ? Optional.of(compute) : Optional.empty());
    }
    if (!copied) {
      refresh(products, kernels, format, scratch);
    }
  }

  private Matrix merged(MatrixProducts products, TrainingKernels kernels, Matrix scratch) {
    Matrix sum =
        new Matrix(
            Element.F32, weights.rows(), weights.cols(), weights.cols(), 1, scratch.address());
    kernels.convert(weights, sum);
    for (Adapter adapter : adapters) {
      adapter.addTo(products, kernels, sum);
    }
    return sum;
  }

  /**
   * Adds the tensors as they are exported, by name, f32; adapters are merged in.
   *
   * @param owner of the memory of merged tensors
   */
  void export(
      Arena owner, MatrixProducts products, TrainingKernels kernels, Map<String, Matrix> tensors) {
    Matrix all = weights;
    if (!adapters.isEmpty()) {
      Matrix room = Matrix.allocate(owner, Element.F32, weights.rows(), weights.cols());
      all = merged(products, kernels, room);
    }
    int row = 0;
    for (BaseWeights.Part part : parts) {
      tensors.put(part.name(), all.rows(row, part.rows()));
      row += part.rows();
    }
  }

  /** {@code y = x W^T}. */
  void forward(MatrixProducts products, Matrix x, Matrix y) {
    products.multiply(x, compute.transposed(), y, false);
  }

  /** {@code dx = dy W}. */
  void backwardInput(MatrixProducts products, Matrix dy, Matrix dx) {
    products.multiply(dy, compute, dx, false);
  }

  /**
   * Adds to the gradient of what is trained, {@code dy^T x} for full weights.
   *
   * @param inner scratch {@code (rows, rank)} for adapters
   */
  void backwardWeights(MatrixProducts products, Matrix dy, Matrix x, Matrix inner) {
    parameter.ifPresent(own -> products.multiply(dy.transposed(), x, own.gradient(), true));
    for (Adapter adapter : adapters) {
      adapter.backward(products, dy, x, inner);
    }
  }
}
