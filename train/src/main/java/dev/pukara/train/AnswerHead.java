package dev.pukara.train;

import dev.pukara.kernels.Element;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.MatrixProducts;
import dev.pukara.kernels.Tensor;
import dev.pukara.kernels.TrainingKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Final norm and output head, at the rows of the targets only and, where a target names its
 * candidates, for these only. All in f32: it is a thousandth of the work.
 */
final class AnswerHead {
  private final float eps;
  private final Gain gain;
  private final TokenTable table;

  AnswerHead(float eps, Gain gain, TokenTable table) {
    this.eps = eps;
    this.gain = gain;
    this.table = table;
  }

  Gain gain() {
    return gain;
  }

  TokenTable table() {
    return table;
  }

  /**
   * One pass over the targets of a batch.
   *
   * <p>{@code picked}, {@code normed} {@code (targets, width)}: residual stream at the targets'
   * rows, and its norm.
   */
  final class Pass implements AutoCloseable {
    private final Arena arena = Arena.ofShared(); // the workers read it too
    private final MatrixProducts products;
    private final TrainingKernels kernels;
    private final List<Target> targets;
    private final int[] openOnes;
    private final Matrix picked;
    private final Matrix factors;
    private final Matrix normed;
    private final float[][] logits;

    /** Forward: residual stream is {@code out + middle}. */
    Pass(LearningBlock.Team team, Matrix out, Matrix middle, List<Target> targets) {
      this.products = team.products();
      this.kernels = team.kernels();
      this.targets = targets;
      int count = targets.size();
      openOnes = IntStream.range(0, count).filter(i -> targets.get(i).open()).toArray();
      picked = f32(count, out.cols());
      factors = f32(1, count);
      normed = f32(count, out.cols());
      for (int i = 0; i < count; i++) {
        TrainingKernels.addScaled(out, targets.get(i).row(), 1, picked, i);
        TrainingKernels.addScaled(middle, targets.get(i).row(), 1, picked, i);
      }
      kernels.rmsNorm(picked, gain.values(), eps, factors, normed);
      logits = new float[count][];
      for (int i = 0; i < count; i++) {
        logits[i] = candidateLogits(i);
      }
      openLogits();
    }

    private Matrix f32(int rows, int cols) {
      return Matrix.allocate(arena, Element.F32, rows, cols);
    }

    private float[] candidateLogits(int i) {
      int[] candidates = targets.get(i).candidates();
      float[] values = new float[candidates.length];
      for (int j = 0; j < values.length; j++) {
        values[j] = TrainingKernels.dot(normed, i, table.compute(), candidates[j]);
      }
      return values;
    }

    private void openLogits() {
      if (openOnes.length > 0) {
        int vocabulary = table.compute().rows();
        Matrix all = f32(openOnes.length, vocabulary);
        products.multiply(openRows(normed), table.compute().transposed(), all, false);
        for (int i = 0; i < openOnes.length; i++) {
          logits[openOnes[i]] = all.rows(i, 1).memory().toArray(Tensor.F32);
        }
      }
    }

    private Matrix openRows(Matrix of) {
      Matrix rows = f32(openOnes.length, of.cols());
      for (int i = 0; i < openOnes.length; i++) {
        rows.rows(i, 1).memory().copyFrom(of.rows(openOnes[i], 1).memory());
      }
      return rows;
    }

    /** Logits of each target's candidates, or of all tokens. */
    float[][] logits() {
      return logits;
    }

    /**
     * Backward: the gradient of {@code sum(weight * cross entropy) / totalWeight}.
     *
     * @param dx {@code (rows, width)}: is set to the gradient of the residual stream
     */
    void backward(double totalWeight, Matrix dx) {
      Matrix dNormed = f32(picked.rows(), picked.cols());
      float[][] dLogits = new float[logits.length][];
      for (int i = 0; i < logits.length; i++) {
        dLogits[i] = gradient(targets.get(i), logits[i], totalWeight);
        candidatesBackward(i, dLogits[i], dNormed);
      }
      openBackward(dLogits, dNormed);
      Matrix dPicked = f32(picked.rows(), picked.cols());
      Matrix unused = f32(picked.rows(), picked.cols());
      kernels.rmsNormBackward(
          dNormed, picked, gain.values(), factors, dPicked, gain.gradient(), unused, dPicked);
      kernels.zero(dx);
      for (int i = 0; i < logits.length; i++) {
        TrainingKernels.addScaled(dPicked, i, 1, dx, targets.get(i).row());
      }
    }

    private static float[] gradient(Target target, float[] logits, double totalWeight) {
      double[] probabilities = Target.softmax(logits);
      probabilities[target.answer()] -= 1;
      float[] gradient = new float[logits.length];
      for (int j = 0; j < gradient.length; j++) {
        gradient[j] = (float) (probabilities[j] * target.weight() / totalWeight);
      }
      return gradient;
    }

    private void candidatesBackward(int i, float[] dLogits, Matrix dNormed) {
      int[] candidates = targets.get(i).candidates();
      for (int j = 0; j < candidates.length; j++) {
        int token = candidates[j];
        float d = dLogits[j];
        TrainingKernels.addScaled(table.compute(), token, d, dNormed, i);
        table
            .parameter()
            .ifPresent(p -> TrainingKernels.addScaled(normed, i, d, p.gradient(), token));
      }
    }

    private void openBackward(float[][] dLogits, Matrix dNormed) {
      if (openOnes.length == 0) {
        return;
      }
      Matrix all = f32(openOnes.length, table.compute().rows());
      for (int i = 0; i < openOnes.length; i++) {
        all.rows(i, 1).memory().copyFrom(MemorySegment.ofArray(dLogits[openOnes[i]]));
      }
      Matrix dRows = f32(openOnes.length, normed.cols());
      products.multiply(all, table.compute(), dRows, false);
      for (int i = 0; i < openOnes.length; i++) {
        TrainingKernels.addScaled(dRows, i, 1, dNormed, openOnes[i]);
      }
      table
          .parameter()
          .ifPresent(
              p -> products.multiply(all.transposed(), openRows(normed), p.gradient(), true));
    }

    @Override
    public void close() {
      arena.close();
    }
  }
}
