package dev.pukara.train;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Element;
import dev.pukara.model.ModelFile;
import dev.pukara.model.StorageTypes;
import dev.pukara.model.SyntheticModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** A small random model, and batches for it. */
final class TinyModels {
  private static final int TOKENS = 1000;

  private TinyModels() {}

  static ModelFile synthetic(Path folder) throws IOException {
    Path file = folder.resolve("base.gguf");
    SyntheticModel.write(
        SyntheticModel.Shape.TINY, StorageTypes.of(BlockFormat.F32), 7, Optional.empty(), file);
    return ModelFile.open(file);
  }

  static TrainerOptions options(Tuning tuning, Element products, double averageDecay) {
    return new TrainerOptions(tuning, 0.9, 0.99, 1e-8, 0.01, 1, averageDecay, products, 3);
  }

  /** A prefix and conversations behind it, labelled by chance. */
  static TrainBatch batch(long seed, int talks) {
    Random random = new Random(seed);
    BatchBuilder builder = new BatchBuilder();
    int prefix = builder.add(BatchBuilder.ROOT, random.ints(30, 0, TOKENS).toArray());
    for (int i = 0; i < talks; i++) {
      int length = 5 + random.nextInt(15);
      int talk = builder.add(prefix, random.ints(length, 0, TOKENS).toArray());
      builder.target(talk, length - 1, new int[] {17, 23}, random.nextInt(2), 1);
    }
    return builder.build(64);
  }

  static List<TrainBatch> step(int number) {
    return List.of(batch(2L * number, 4), batch(2L * number + 1, 3));
  }
}
