package dev.pukara.train;

import dev.pukara.kernels.AdamStep;
import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Element;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.TrainingKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** A row of weights for every token, f32: the embedding, the output head, or both at once. */
final class TokenTable {
  private final String name;
  private final Arena arena;

  /** {@code (vocabulary, width)}. */
  private final Matrix weights;

  private final Optional<Parameter> parameter;

  /** What the forward pass reads: {@link #weights} itself unless they are rounded. */
  private Matrix compute;

  /** Reads the tensor {@code name}. */
  TokenTable(
      BaseWeights base, String name, int tokens, int width, boolean trained, boolean averaged) {
    this.name = name;
    this.arena = base.arena();
    this.weights = base.stacked(List.of(new BaseWeights.Part(name, tokens)), width);
    this.parameter =
        trained
            ? Optional.of(Parameter.of(arena, name, true, weights, averaged))
            : Optional.empty();
    this.compute = weights;
  }

  String name() {
    return name;
  }

  Matrix weights() {
    return weights;
  }

  Optional<Parameter> parameter() {
    return parameter;
  }

  /** What the forward pass reads, {@code (vocabulary, width)}, f32. */
  Matrix compute() {
    return compute;
  }

  /** Rounds what the forward pass reads, if it is to be rounded. */
  void refresh(TrainingKernels kernels, Optional<BlockFormat> format) {
    if (format.isPresent() && compute == weights) {
      compute = Matrix.allocate(arena, Element.F32, weights.rows(), weights.cols());
    }
    Rounding.apply(kernels, format, weights, compute);
  }

  /** Moves the table, if it is trained. */
  void update(TrainingKernels kernels, AdamStep step, Optional<BlockFormat> format) {
    if (parameter.isPresent()) {
      parameter.get().update(kernels, step, Optional.empty());
      refresh(kernels, format);
    }
  }

  /** Copies the rows of {@code tokens} into {@code out}. */
  void lookUp(int[] tokens, Matrix out) {
    MemorySegment from = compute.memory();
    MemorySegment to = out.memory();
    long bytes = 4L * out.cols();
    for (int i = 0; i < tokens.length; i++) {
      MemorySegment.copy(from, tokens[i] * bytes, to, i * bytes, bytes);
    }
  }

  /** Adds the gradient of what {@link #lookUp} gave, if the table is trained. */
  void lookUpBackward(int[] tokens, Matrix dOut) {
    if (parameter.isPresent()) {
      for (int i = 0; i < tokens.length; i++) {
        TrainingKernels.addScaled(dOut, i, 1, parameter.get().gradient(), tokens[i]);
      }
    }
  }
}
