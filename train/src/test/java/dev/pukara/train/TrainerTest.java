package dev.pukara.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Element;
import dev.pukara.model.FormatException;
import dev.pukara.model.ModelFile;
import dev.pukara.model.StorageTypes;
import dev.pukara.model.TensorFile;
import dev.pukara.train.data.RecipeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a trainer promises beyond right gradients, which {@link TrainingGoldenTest} proves. */
class TrainerTest {
  private static final double RATE = 1e-3;

  @TempDir Path folder;
  private ModelFile base;

  @BeforeEach
  void open() throws IOException {
    base = TinyModels.synthetic(folder);
  }

  @AfterEach
  void close() {
    base.close();
  }

  private Trainer trainer(Tuning tuning, Element products, double averageDecay) {
    return Trainer.open(base, TinyModels.options(tuning, products, averageDecay));
  }

  private static List<Double> losses(Trainer trainer, int from, int to) {
    List<Double> losses = new ArrayList<>();
    for (int i = from; i < to; i++) {
      losses.add(trainer.step(TinyModels.step(i), RATE).loss());
    }
    return losses;
  }

  @Test
  void goesOnFromAStateAsIfNothingHadHappened() throws IOException {
    for (Tuning tuning : List.of(Tuning.FULL, Tuning.Lora.of(4))) {
      try (Trainer unbroken = trainer(tuning, Element.BF16, 0.9);
          Trainer resumed = trainer(tuning, Element.BF16, 0.9)) {
        losses(unbroken, 0, 2);
        unbroken.saveState(folder);
        List<Double> expected = losses(unbroken, 2, 4);
        resumed.loadState(folder);
        assertThat(resumed.steps()).isEqualTo(2);
        assertThat(losses(resumed, 2, 4)).isEqualTo(expected);
        for (int i = 0; i < unbroken.parameters().size(); i++) {
          float[] average =
              TrainingGolden.values(unbroken.parameters().get(i).average().orElseThrow());
          assertThat(TrainingGolden.values(resumed.parameters().get(i).average().orElseThrow()))
              .containsExactly(average);
        }
      }
    }
  }

  @Test
  void statesOfOtherTrainingsAreRefused() throws IOException {
    try (Trainer lora = trainer(Tuning.Lora.of(4), Element.F32, 0);
        Trainer full = trainer(Tuning.FULL, Element.F32, 0);
        ModelFile other = TrainingGolden.model();
        Trainer another = Trainer.open(other, TinyModels.options(Tuning.FULL, Element.F32, 0))) {
      lora.saveState(folder);
      assertThatThrownBy(() -> full.loadState(folder))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("saved with other training options");
      assertThatThrownBy(() -> another.loadState(folder))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("name the same base");
    }
  }

  @Test
  void aNewAdapterChangesNothing() throws IOException {
    TrainBatch batch = TinyModels.batch(5, 4);
    Path exported = folder.resolve("merged.gguf");
    try (Trainer full = trainer(Tuning.FULL, Element.BF16, 0);
        Trainer lora = trainer(Tuning.Lora.of(4), Element.BF16, 0)) {
      assertThat(lora.logits(batch)).isDeepEqualTo(full.logits(batch));
      lora.export(exported, StorageTypes.of(BlockFormat.F32), Map.of());
      assertThat(lora.trainedWeights()).isLessThan(full.trainedWeights() / 4);
    }
    try (ModelFile merged = ModelFile.open(exported)) {
      String name = "model.layers.1.mlp.up_proj.weight";
      int rows = base.config().feedForward();
      int cols = base.config().width();
      assertThat(
              merged
                  .weights(name, rows, cols)
                  .data()
                  .mismatch(base.weights(name, rows, cols).data()))
          .isEqualTo(-1);
    }
  }

  @Test
  void adapterFilesAreNamedAsPeftNamesThem() throws IOException {
    Path adapter = folder.resolve("adapter");
    try (Trainer lora = trainer(new Tuning.Lora(2, 8, Set.of("q_proj")), Element.F32, 0)) {
      losses(lora, 0, 1);
      lora.exportAdapter(adapter, "tiny");
    }
    assertThat(Files.readString(adapter.resolve("adapter_config.json")))
        .contains("\"peft_type\" : \"LORA\"", "\"r\" : 2", "\"lora_alpha\" : 8.0");
    try (TensorFile file = TensorFile.open(adapter.resolve("adapter_model.safetensors"))) {
      assertThat(file.names())
          .hasSize(4)
          .contains("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight");
    }
    try (Trainer full = trainer(Tuning.FULL, Element.F32, 0)) {
      assertThatThrownBy(() -> full.exportAdapter(adapter, "tiny"))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void computesWithTheWeightsThatWillBeStored() throws IOException {
    StorageTypes types = StorageTypes.of(BlockFormat.Q4_0, BlockFormat.Q5_0);
    TrainBatch batch = TinyModels.batch(6, 4);
    Path exported = folder.resolve("q4.gguf");
    float[][] rounded;
    float[][] plain;
    try (Trainer trainer = trainer(Tuning.FULL, Element.F32, 0)) {
      plain = trainer.logits(batch);
      trainer.roundWeights(types);
      losses(trainer, 0, 2);
      rounded = trainer.logits(batch);
      trainer.export(exported, types, Map.of("pukara.format", "pukara-1"));
    }
    assertThat(rounded[0][0]).isNotEqualTo(plain[0][0]);
    try (ModelFile stored = ModelFile.open(exported);
        Trainer served = Trainer.open(stored, TinyModels.options(Tuning.FULL, Element.F32, 0))) {
      assertThat(stored.metadata()).containsEntry("pukara.format", "pukara-1");
      assertThat(served.logits(batch)).isDeepEqualTo(rounded);
    }
  }

  @Test
  void averages() throws IOException {
    TrainBatch batch = TinyModels.batch(7, 4);
    try (Trainer trainer = trainer(Tuning.FULL, Element.F32, 0.5)) {
      losses(trainer, 0, 1);
      Path first = Files.createDirectory(folder.resolve("first"));
      trainer.saveState(first);
      float[] early = TrainingGolden.values(trainer.parameters().get(3).values());
      losses(trainer, 1, 3);
      Path second = Files.createDirectory(folder.resolve("second"));
      trainer.saveState(second);
      float[] late = TrainingGolden.values(trainer.parameters().get(3).values());

      float[][] weights = trainer.logits(batch);
      trainer.swapAverage();
      assertThat(Arrays.deepEquals(trainer.logits(batch), weights)).isFalse();
      assertThatThrownBy(() -> trainer.step(TinyModels.step(0), RATE))
          .isInstanceOf(IllegalStateException.class);
      trainer.swapAverage();
      assertThat(trainer.logits(batch)).isDeepEqualTo(weights);

      trainer.averageStates(List.of(first, second));
      float[] mean = TrainingGolden.values(trainer.parameters().get(3).values());
      for (int i = 0; i < mean.length; i++) {
        assertThat(mean[i]).isEqualTo(early[i] * 0.5f + late[i] * 0.5f);
      }
    }
  }

  @Test
  void aFrozenEmbeddingStays() {
    try (Trainer trainer = trainer(new Tuning.Full(true), Element.F32, 0)) {
      assertThat(trainer.parameters())
          .extracting(Parameter::name)
          .noneMatch(n -> n.contains("embed"));
      List<Double> losses = losses(trainer, 0, 2);
      assertThat(losses).allSatisfy(loss -> assertThat(loss).isBetween(0.1, 5.0));
    }
  }

  @Test
  void stopsBeforeWeightsAreSpoilt() {
    try (Trainer trainer = trainer(Tuning.FULL, Element.F32, 0)) {
      trainer.step(TinyModels.step(0), 1e30);
      assertThatThrownBy(() -> trainer.step(TinyModels.step(0), 1e30))
          .isInstanceOf(RecipeException.class)
          .hasMessageContaining("try a lower learning rate than 1.0E30, in another folder (--out)");
      assertThat(trainer.steps()).isEqualTo(1);
    }
  }

  @Test
  void learnsSixtyFourRowsByHeart() {
    TrainBatch batch = TinyModels.batch(9, 64);
    for (Tuning tuning : List.of(Tuning.FULL, Tuning.Lora.of(8))) {
      try (Trainer trainer = trainer(tuning, Element.BF16, 0)) {
        StepResult result = trainer.step(List.of(batch), 3e-3);
        assertThat(result.right()).as("before").isLessThan(60);
        for (int i = 0; i < 80 && result.right() < 64; i++) {
          result = trainer.step(List.of(batch), 3e-3);
        }
        assertThat(result.right()).as("%s", tuning).isEqualTo(64);
      }
    }
  }
}
