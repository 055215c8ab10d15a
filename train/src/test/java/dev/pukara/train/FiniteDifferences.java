package dev.pukara.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.pukara.kernels.Tensor;
import dev.pukara.model.StorageTypes;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;

/**
 * Gradients against differences of the loss along the gradient itself: there the difference is
 * greatest, and f32 rounding matters least.
 */
final class FiniteDifferences {
  private FiniteDifferences() {}

  static TrainBatch batch(int vocabulary) {
    Random random = new Random(4);
    BatchBuilder builder = new BatchBuilder();
    int prefix = builder.add(BatchBuilder.ROOT, random.ints(20, 0, vocabulary).toArray());
    for (int i = 0; i < 4; i++) {
      int talk = builder.add(prefix, random.ints(9, 0, vocabulary).toArray());
      builder.target(talk, 8, new int[0], random.nextInt(vocabulary), 1);
      builder.target(talk, 3, new int[] {1, 5, 7}, 1, 0.5f);
    }
    return builder.build(64);
  }

  static void check(Trainer trainer, List<TrainBatch> batches) {
    for (Parameter parameter : trainer.parameters()) {
      trainer.gradients(batches);
      float[] direction = TrainingGolden.values(parameter.gradient());
      double norm = 0;
      for (float value : direction) {
        norm += (double) value * value;
      }
      norm = Math.sqrt(norm);
      // Long enough for the loss to change by more than it rounds, short enough to be straight.
      double length = Math.min(0.02, 0.01 / Math.max(1e-9, norm));
      double step = length / Math.max(1e-9, norm);
      double up = moved(trainer, batches, parameter, direction, step);
      double down = moved(trainer, batches, parameter, direction, -step);
      double slope = (up - down) / (2 * length);
      assertThat(slope).as(parameter.name()).isCloseTo(norm, offset(0.005 * norm + 1e-4));
    }
  }

  private static double moved(
      Trainer trainer,
      List<TrainBatch> batches,
      Parameter parameter,
      float[] direction,
      double step) {
    MemorySegment memory = parameter.values().memory();
    float[] before = memory.toArray(Tensor.F32);
    float[] after = new float[before.length];
    for (int i = 0; i < after.length; i++) {
      after[i] = (float) (before[i] + step * direction[i]);
    }
    memory.copyFrom(MemorySegment.ofArray(after));
    trainer.roundWeights(StorageTypes.AS_SOURCE);
    double loss = trainer.gradients(batches).loss();
    memory.copyFrom(MemorySegment.ofArray(before));
    trainer.roundWeights(StorageTypes.AS_SOURCE);
    return loss;
  }
}
