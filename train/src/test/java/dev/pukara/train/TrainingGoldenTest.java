package dev.pukara.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.pukara.kernels.Element;
import dev.pukara.model.ModelFile;
import dev.pukara.model.TensorFile;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/**
 * Ten steps over trees of tokens against PyTorch, where every path is a sequence of its own; remade
 * by scripts/make_training_golden.py.
 */
class TrainingGoldenTest {
  private static final String AGAIN = " (scripts/make_training_golden.py)";

  @Test
  void gradientsOfTheFirstStep() throws IOException {
    try (ModelFile model = TrainingGolden.model();
        Trainer trainer = Trainer.open(model, TrainingGolden.options(Tuning.FULL, Element.F32));
        TensorFile golden = open("full.gradients.safetensors")) {
      StepResult result = trainer.gradients(TrainingGolden.batches(0));
      double[] losses = TrainingGolden.numbers("full", "first_losses");
      assertThat(result.losses()).hasSize(losses.length);
      for (int i = 0; i < losses.length; i++) {
        assertThat((double) result.losses()[i])
            .as("target %d", i)
            .isCloseTo(losses[i], offset(2e-5));
      }
      for (Parameter parameter : trainer.parameters()) {
        float[] expected = TrainingGolden.stacked(golden, parameter, "");
        assertThat(TrainingGolden.difference(TrainingGolden.values(parameter.gradient()), expected))
            .as(parameter.name() + AGAIN)
            .isLessThan(2e-5);
      }
    }
  }

  @Test
  void tenSteps() throws IOException {
    try (ModelFile model = TrainingGolden.model();
        Trainer trainer = Trainer.open(model, TrainingGolden.options(Tuning.FULL, Element.F32));
        TensorFile golden = open("full.weights.safetensors")) {
      assertSteps(trainer, "full", 1e-4, 1e-4);
      assertWeights(trainer, golden, 1e-4);
    }
  }

  @Test
  void tenStepsOfLora() throws IOException {
    try (ModelFile model = TrainingGolden.model();
        Trainer trainer =
            Trainer.open(model, TrainingGolden.options(TrainingGolden.lora(), Element.F32));
        TensorFile golden = open("lora.weights.safetensors")) {
      trainer.loadState(TrainingGolden.FOLDER.resolve("lora"));
      assertSteps(trainer, "lora", 1e-4, 1e-4);
      assertWeights(trainer, golden, 2e-4);
    }
  }

  /** The products round to 8 bits of precision; sums, weights and everything else are f32. */
  @Test
  void tenStepsOfBf16() throws IOException {
    Element products = Element.BF16;
    try (ModelFile model = TrainingGolden.model();
        Trainer trainer = Trainer.open(model, TrainingGolden.options(Tuning.FULL, products));
        Trainer lora =
            Trainer.open(model, TrainingGolden.options(TrainingGolden.lora(), products))) {
      lora.loadState(TrainingGolden.FOLDER.resolve("lora"));
      assertSteps(trainer, "full", 0.03, 0.03);
      assertSteps(lora, "lora", 0.03, 0.03);
    }
  }

  private static TensorFile open(String name) throws IOException {
    return TensorFile.open(TrainingGolden.FOLDER.resolve(name));
  }

  /** Tolerances as parts of the expected values. */
  private static void assertSteps(
      Trainer trainer, String tuning, double lossPart, double normPart) {
    double[] losses = TrainingGolden.numbers(tuning, "losses");
    double[] norms = TrainingGolden.numbers(tuning, "norms");
    for (int step = 0; step < TrainingGolden.steps(); step++) {
      StepResult result =
          trainer.step(TrainingGolden.batches(step), TrainingGolden.learningRate(step));
      assertThat(result.loss())
          .as("%s: loss of step %d%s", tuning, step, AGAIN)
          .isCloseTo(losses[step], offset(lossPart * losses[step]));
      assertThat(result.gradientNorm())
          .as("%s: gradient norm of step %d%s", tuning, step, AGAIN)
          .isCloseTo(norms[step], offset(normPart * norms[step]));
    }
    assertThat(trainer.steps()).isEqualTo(TrainingGolden.steps());
  }

  private static void assertWeights(Trainer trainer, TensorFile golden, double most) {
    for (Parameter parameter : trainer.parameters()) {
      float[] expected = TrainingGolden.stacked(golden, parameter, "");
      assertThat(TrainingGolden.difference(TrainingGolden.values(parameter.values()), expected))
          .as(parameter.name() + AGAIN)
          .isLessThan(most);
      float[] average = TrainingGolden.stacked(golden, parameter, ".average");
      float[] actual = TrainingGolden.values(parameter.average().orElseThrow());
      assertThat(TrainingGolden.difference(actual, average))
          .as("average of " + parameter.name() + AGAIN)
          .isLessThan(most);
    }
  }
}
