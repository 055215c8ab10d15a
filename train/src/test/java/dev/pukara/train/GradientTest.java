package dev.pukara.train;

import dev.pukara.kernels.Element;
import dev.pukara.model.ModelFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Gradients that no golden file covers, against differences of the loss. */
class GradientTest {
  /** Head and embedding apart from each other, targets over the whole vocabulary and not. */
  @Test
  void gradientsOfAnUntiedHead() throws IOException {
    Path untied = Path.of("../model/src/test/resources/golden/gqa2-untied");
    try (ModelFile base = ModelFile.open(untied);
        Trainer full = Trainer.open(base, TinyModels.options(Tuning.FULL, Element.F32, 0));
        Trainer lora = Trainer.open(base, TinyModels.options(Tuning.Lora.of(2), Element.F32, 0))) {
      List<TrainBatch> batches = List.of(FiniteDifferences.batch(base.config().vocabulary()));
      FiniteDifferences.check(full, batches);
      lora.step(batches, 0.01); // B is no longer zero
      FiniteDifferences.check(lora, batches);
    }
  }
}
