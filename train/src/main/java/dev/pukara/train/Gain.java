package dev.pukara.train;

import dev.pukara.kernels.AdamStep;
import dev.pukara.kernels.Element;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.TrainingKernels;
import java.util.Optional;

/**
 * The gain of a norm.
 *
 * @param name of the tensor
 * @param values {@code (1, width)}
 * @param gradient is summed whether the gain is trained or not
 * @param parameter if it is trained
 */
record Gain(String name, Matrix values, Matrix gradient, Optional<Parameter> parameter) {
  static Gain read(BaseWeights base, String name, int width, TrainerOptions options) {
    Matrix values = base.vector(name, width);
    if (options.tuning() instanceof Tuning.Full) {
      Parameter parameter =
          Parameter.of(base.arena(), name, false, values, options.averageDecay() > 0);
      return new Gain(name, values, parameter.gradient(), Optional.of(parameter));
    }
    Matrix unused = Matrix.allocate(base.arena(), Element.F32, 1, width);
    return new Gain(name, values, unused, Optional.empty());
  }

  /** Moves the gain, if it is trained. */
  void update(TrainingKernels kernels, AdamStep step) {
    parameter.ifPresent(own -> own.update(kernels, step, Optional.empty()));
  }
}
