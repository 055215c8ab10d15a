package dev.pukara.train;

import dev.pukara.kernels.Element;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.MatrixProducts;
import dev.pukara.kernels.Tensor;
import dev.pukara.kernels.TrainingKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/**
 * A low-rank change of one tensor, {@code W + scale B A} (arXiv 2106.09685).
 *
 * <p>The forward pass computes with the sum, which is formed once a step: with thousands of rows a
 * batch that costs next to nothing, no activation passes through the narrow matrices, and what is
 * trained is what the merged export holds. The gradients of A and B come from narrow products,
 * without the gradient of W.
 */
final class Adapter {
  private final int firstRow;
  private final float scale;

  /** {@code (rank, inputs)}. */
  private final Parameter a;

  /** {@code (outputs, rank)}. */
  private final Parameter b;

  /** {@code scale * A} and {@code scale * B}, f32. */
  private final Matrix scaledA;

  private final Matrix scaledB;

  /** The same as the products read them. */
  private final Matrix computeA;

  private final Matrix computeB;

  /**
   * A new adapter, which changes nothing yet: A is uniform within {@code ±1/sqrt(inputs)}, as
   * PEFT's, B zero.
   *
   * @param part the tensor that it changes
   * @param firstRow where the tensor begins in its layer's stacked weights
   */
  Adapter(
      Arena arena,
      BaseWeights.Part part,
      int firstRow,
      int inputs,
      Tuning.Lora lora,
      TrainerOptions options,
      SplittableRandom random) {
    this.firstRow = firstRow;
    this.scale = (float) (lora.alpha() / lora.rank());
    Matrix valuesA = Matrix.allocate(arena, Element.F32, lora.rank(), inputs);
    MemorySegment memory = valuesA.memory();
    double bound = 1 / Math.sqrt(inputs);
    for (long i = 0; i < (long) lora.rank() * inputs; i++) {
      memory.set(Tensor.F32, 4 * i, (float) random.nextDouble(-bound, bound));
    }
    Matrix valuesB = Matrix.allocate(arena, Element.F32, part.rows(), lora.rank());
    String prefix = part.name().substring(0, part.name().length() - "weight".length());
    boolean averaged = options.averageDecay() > 0;
    this.a = Parameter.of(arena, prefix + "lora_A.weight", true, valuesA, averaged);
    this.b = Parameter.of(arena, prefix + "lora_B.weight", true, valuesB, averaged);
    this.scaledA = Matrix.allocate(arena, Element.F32, lora.rank(), inputs);
    this.scaledB = Matrix.allocate(arena, Element.F32, part.rows(), lora.rank());
    boolean plain = options.products() == Element.F32;
    this.computeA = plain ? scaledA : like(arena, options.products(), scaledA);
    this.computeB = plain ? scaledB : like(arena, options.products(), scaledB);
  }

  private static Matrix like(Arena arena, Element element, Matrix matrix) {
    return Matrix.allocate(arena, element, matrix.rows(), matrix.cols());
  }

  Parameter a() {
    return a;
  }

  Parameter b() {
    return b;
  }

  /** Adds the change to the layer's stacked weights, f32. */
  void addTo(MatrixProducts products, TrainingKernels kernels, Matrix stacked) {
    scale(kernels, a.values(), scaledA, computeA);
    scale(kernels, b.values(), scaledB, computeB);
    products.multiply(scaledB, a.values(), stacked.rows(firstRow, scaledB.rows()), true);
  }

  private void scale(TrainingKernels kernels, Matrix values, Matrix scaled, Matrix compute) {
    kernels.zero(scaled);
    for (int i = 0; i < values.rows(); i++) {
      TrainingKernels.addScaled(values, i, scale, scaled, i);
    }
    if (compute != scaled) {
      kernels.convert(scaled, compute);
    }
  }

  /**
   * Adds to the gradients of A and B: {@code dA += (dy scale B)^T x}, {@code dB += dy^T (x scale
   * A^T)}.
   *
   * @param dy gradient of the layer's whole result, {@code (rows, stacked outputs)}
   * @param x what went into the layer, {@code (rows, inputs)}
   * @param inner scratch {@code (rows, rank)}, of their element
   */
  void backward(MatrixProducts products, Matrix dy, Matrix x, Matrix inner) {
    Matrix own = dy.cols(firstRow, scaledB.rows());
    products.multiply(own, computeB, inner, false);
    products.multiply(inner.transposed(), x, a.gradient(), true);
    products.multiply(x, computeA.transposed(), inner, false);
    products.multiply(own.transposed(), inner, b.gradient(), true);
  }
}
