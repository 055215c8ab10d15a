package dev.pukara.bench;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.model.ModelFile;
import dev.pukara.model.StorageTypes;
import dev.pukara.model.SyntheticModel;
import dev.pukara.train.BatchBuilder;
import dev.pukara.train.StepResult;
import dev.pukara.train.TrainBatch;
import dev.pukara.train.Trainer;
import dev.pukara.train.TrainerOptions;
import dev.pukara.train.Tuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A whole training step of the SmolLM2-135M shape in bf16: forward, backward, clipping, AdamW. The
 * batch is a prefix and {@code talks} conversations behind it, each with one target over the whole
 * vocabulary at its end. {@code scripts/bench_pytorch_step.py} times the same in eager PyTorch.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 6)
@Fork(value = 1, jvmArgsAppend = "-Xmx2g")
public class TrainStepBench {
  /** Which weights move: {@code full}, or {@code lora} of rank 16 on all matrices. */
  @Param({"full", "lora"})
  public String tuning = "full";

  /** Tokens of the prefix. */
  @Param({"256"})
  public int prefix = 256;

  /** Conversations behind it. */
  @Param({"24"})
  public int talks = 24;

  /** Tokens of a conversation. */
  @Param({"96"})
  public int length = 96;

  private @Nullable Path file;
  private @Nullable ModelFile model;
  private @Nullable Trainer trainer;
  private @Nullable TrainBatch batch;

  /** Makes a model with random weights, and the batch. */
  @Setup
  public void open() throws IOException {
    Path target = Files.createTempFile("pukara-bench", ".gguf");
    file = target;
    SyntheticModel.write(
        SyntheticModel.Shape.SMOLLM2_135M,
        StorageTypes.of(BlockFormat.Q8_0),
        1,
        Optional.empty(),
        target);
    ModelFile opened = ModelFile.open(target);
    model = opened;
    Tuning moved = tuning.equals("full") ? Tuning.FULL : Tuning.Lora.of(16);
    trainer = Trainer.open(opened, TrainerOptions.DEFAULT.with(moved));
    Random random = new Random(1);
    BatchBuilder builder = new BatchBuilder();
    int root = builder.add(BatchBuilder.ROOT, tokens(random, prefix));
    for (int i = 0; i < talks; i++) {
      int talk = builder.add(root, tokens(random, length));
      builder.target(talk, length - 1, new int[0], random.nextInt(40_000), 1);
    }
    batch = builder.build(64);
  }

  private static int[] tokens(Random random, int count) {
    return random.ints(count, 0, 40_000).toArray();
  }

  /** One step. */
  @Benchmark
  public StepResult step() {
    return Objects.requireNonNull(trainer).step(List.of(Objects.requireNonNull(batch)), 1e-5);
  }

  /** Frees everything. */
  @TearDown
  public void close() throws IOException {
    if (trainer != null) {
      trainer.close();
    }
    if (model != null) {
      model.close();
    }
    if (file != null) {
      Files.delete(file);
    }
  }
}
