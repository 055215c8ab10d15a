package dev.pukara.train;

import dev.pukara.model.LlamaConfig;
import dev.pukara.model.ModelFile;
import dev.pukara.model.StorageTypes;
import dev.pukara.model.WrittenModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A model that learns: forward and backward pass of the Llama architecture over trees of tokens,
 * AdamW, checkpoints, export.
 *
 * <p>With the same base, options, batches and number of processors every run gives the same
 * numbers.
 *
 * <p>Threads: one at a time.
 */
public final class Trainer implements AutoCloseable {
  private final ModelFile base;

  private Trainer(ModelFile base) {
    this.base = base;
  }

  /**
   * Reads the weights of {@code base}, which stays its owner's and must stay open until this is
   * closed.
   */
  public static Trainer open(ModelFile base, TrainerOptions options) {
    return new Trainer(base);
  }

  /** Shape of the model. */
  public LlamaConfig config() {
    return base.config();
  }

  /** Steps done since the base model. */
  public int steps() {
    throw new UnsupportedOperationException();
  }

  /**
   * One step of the optimizer: the gradient of the mean loss over the targets of all micro-batches,
   * clipped, then AdamW.
   *
   * @throws ArithmeticException if the loss or the gradient is not finite; the weights are then as
   *     they were
   */
  public StepResult step(List<TrainBatch> microBatches, double learningRate) {
    throw new UnsupportedOperationException();
  }

  /**
   * The forward pass alone.
   *
   * @return for every target of the batch the logits of its candidates, or of the whole vocabulary
   *     if the target is open
   */
  public float[][] logits(TrainBatch batch) {
    throw new UnsupportedOperationException();
  }

  /**
   * From now on the forward pass computes with weights rounded as {@code types} will store them;
   * gradients pass through the rounding as if it were not there. {@link StorageTypes#AS_SOURCE}
   * ends that.
   */
  public void roundWeights(StorageTypes types) {
    throw new UnsupportedOperationException();
  }

  /**
   * Exchanges the weights and their moving average, to evaluate or export the average; a second
   * call exchanges them back, which training needs.
   *
   * @throws IllegalStateException if no average is kept
   */
  public void swapAverage() {
    throw new UnsupportedOperationException();
  }

  /**
   * Writes everything that a later {@link #loadState} needs to go on as if nothing had happened:
   * weights, AdamW's moments, the moving average, the number of steps. All files are on the disk
   * when this returns.
   *
   * @param folder exists
   */
  public void saveState(Path folder) throws IOException {
    throw new UnsupportedOperationException();
  }

  /**
   * Reads what {@link #saveState} wrote.
   *
   * @throws dev.pukara.model.FormatException if it is the state of another model or of other
   *     options
   */
  public void loadState(Path folder) throws IOException {
    throw new UnsupportedOperationException();
  }

  /**
   * Makes the weights the mean of those in several states, for export; moments stay as they are.
   */
  public void averageStates(List<Path> folders) throws IOException {
    throw new UnsupportedOperationException();
  }

  /**
   * Writes the model as it is now, adapters merged in.
   *
   * @param target a name that ends .gguf makes a GGUF file, any other a new folder of safetensors
   *     with config.json and tokenizer.json
   * @param types storage types; what is not given is F16
   * @param metadata added to a GGUF file: strings, booleans, integers ({@link Integer}, {@link
   *     Long}), {@link Float}, and lists of strings
   */
  public WrittenModel export(Path target, StorageTypes types, Map<String, Object> metadata)
      throws IOException {
    throw new UnsupportedOperationException();
  }

  /**
   * Writes LoRA's matrices as PEFT lays them out: adapter_model.safetensors and
   * adapter_config.json.
   *
   * @param baseName what adapter_config.json calls the base model
   * @throws IllegalStateException if the tuning is not LoRA
   */
  public void exportAdapter(Path folder, String baseName) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Frees all memory. */
  @Override
  public void close() {}
}
