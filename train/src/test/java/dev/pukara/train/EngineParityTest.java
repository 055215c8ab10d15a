package dev.pukara.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Element;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.KvSpan;
import dev.pukara.kernels.Precision;
import dev.pukara.kernels.Slice;
import dev.pukara.model.Llama;
import dev.pukara.model.ModelFile;
import dev.pukara.model.StorageTypes;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was trained is what is served: the trainer's forward pass against the engine's. */
class EngineParityTest {
  private static final int[] ANSWERS = {17, 23, 500};

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"exported.gguf", "exported"})
  void sameLogits(String target) throws IOException {
    int[] tokens = new Random(11).ints(70, 0, 1000).toArray();
    BatchBuilder builder = new BatchBuilder();
    int prefix = builder.add(BatchBuilder.ROOT, Arrays.copyOf(tokens, 40));
    builder.add(prefix, new int[] {1, 2, 3});
    int talk = builder.add(prefix, Arrays.copyOfRange(tokens, 40, 70));
    builder.target(talk, 29, ANSWERS, 0, 1);
    Path exported = folder.resolve(target);
    float[] trained;
    try (ModelFile base = TinyModels.synthetic(folder);
        Trainer trainer =
            Trainer.open(base, TinyModels.options(Tuning.Lora.of(4), Element.F32, 0))) {
      trainer.step(TinyModels.step(0), 0.01);
      trainer.step(TinyModels.step(1), 0.01);
      trained = trainer.logits(builder.build(64))[0];
      trainer.export(exported, StorageTypes.of(BlockFormat.F32), Map.of());
    }
    float[] served = served(exported, tokens);
    assertThat(TrainingGolden.difference(trained, served)).isLessThan(2e-5);
  }

  private static float[] served(Path file, int[] tokens) throws IOException {
    try (ModelFile model = ModelFile.open(file);
        Kernels kernels = Kernels.best();
        Llama llama = new Llama(model, kernels, Precision.F32, tokens.length);
        Llama.Head head = llama.head(ANSWERS);
        Arena arena = Arena.ofShared()) {
      KvSpan span = llama.span(arena, tokens.length);
      llama.forward(tokens, List.of(new Slice(0, tokens.length, List.of(), span, 0)));
      return llama.logits(new int[] {tokens.length - 1}, head)[0];
    }
  }
}
