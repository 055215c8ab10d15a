package dev.pukara.train;

import dev.pukara.kernels.AdamStep;
import dev.pukara.kernels.TrainingKernels;
import dev.pukara.kernels.Workers;
import dev.pukara.model.LlamaConfig;
import dev.pukara.model.ModelFile;
import dev.pukara.model.StorageTypes;
import dev.pukara.model.WrittenModel;
import dev.pukara.train.data.RecipeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
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
  private final TrainerOptions options;
  private final Network network;
  private final List<Parameter> parameters;
  private int steps;
  private boolean averageIsIn;

  private Trainer(ModelFile base, TrainerOptions options) {
    this.base = base;
    this.options = options;
    this.network = new Network(base, options, Workers.all());
    this.parameters = network.parameters();
  }

  /**
   * Reads the weights of {@code base}, which stays its owner's and must stay open until this is
   * closed.
   */
  public static Trainer open(ModelFile base, TrainerOptions options) {
    return new Trainer(base, options);
  }

  /** Shape of the model. */
  public LlamaConfig config() {
    return base.config();
  }

  /** Number of weights that are trained. */
  public long trainedWeights() {
    return parameters.stream().mapToLong(p -> (long) p.values().rows() * p.values().cols()).sum();
  }

  /** Steps done since the base model. */
  public int steps() {
    return steps;
  }

  /**
   * One step of the optimizer: the gradient of the mean loss over the targets of all micro-batches,
   * clipped, then AdamW.
   *
   * @throws RecipeException if the loss or the gradient is not finite; the weights are then as they
   *     were
   */
  public StepResult step(List<TrainBatch> microBatches, double learningRate) {
    if (averageIsIn) {
      throw new IllegalStateException("the average is in the place of the weights");
    }
    StepResult result = gradients(microBatches);
    if (!Double.isFinite(result.loss()) || !Double.isFinite(result.gradientNorm())) {
      throw new RecipeException(
          String.format(
              Locale.ROOT,
              "step %d: loss %s, gradient norm %s; try a lower learning rate than %s, in another"
                  + " folder (--out)",
              steps,
              result.loss(),
              result.gradientNorm(),
              learningRate));
    }
    network.update(adamStep(learningRate, result.gradientNorm()));
    steps++;
    return result;
  }

  /** Everything that is trained, in a fixed order. */
  List<Parameter> parameters() {
    return parameters;
  }

  /** The gradients of all parameters, and what the step reports. */
  StepResult gradients(List<TrainBatch> microBatches) {
    double totalWeight = 0;
    int count = 0;
    for (TrainBatch batch : microBatches) {
      for (Target target : batch.targets()) {
        totalWeight += target.weight();
        count++;
      }
    }
    TrainingKernels kernels = network.kernels();
    parameters.forEach(parameter -> kernels.zero(parameter.gradient()));
    float[] losses = new float[count];
    double sum = 0;
    int right = 0;
    int done = 0;
    for (TrainBatch batch : microBatches) {
      float[][] logits = network.learn(batch, totalWeight);
      for (int i = 0; i < logits.length; i++) {
        Target target = batch.targets().get(i);
        double loss = target.loss(logits[i]);
        sum += target.weight() * loss;
        right += target.right(logits[i]) ? 1 : 0;
        losses[done++] = (float) loss;
      }
    }
    double squares = 0;
    for (Parameter parameter : parameters) {
      squares += kernels.squares(parameter.gradient());
    }
    return new StepResult(sum / totalWeight, Math.sqrt(squares), losses, right);
  }

  private AdamStep adamStep(double learningRate, double norm) {
    int t = steps + 1;
    double clip = norm > options.gradientNormMax() ? options.gradientNormMax() / norm : 1;
    return new AdamStep(
        (float) (learningRate / (1 - Math.pow(options.beta1(), t))),
        (float) (1 - learningRate * options.weightDecay()),
        (float) options.beta1(),
        (float) options.beta2(),
        (float) Math.sqrt(1 - Math.pow(options.beta2(), t)),
        (float) options.eps(),
        (float) clip,
        (float) Math.min(options.averageDecay(), (1.0 + t) / (10.0 + t)));
  }

  /**
   * The forward pass alone.
   *
   * @return for every target of the batch the logits of its candidates, or of the whole vocabulary
   *     if the target is open
   */
  public float[][] logits(TrainBatch batch) {
    return network.logits(batch);
  }

  /**
   * From now on the forward pass computes with weights rounded as {@code types} will store them;
   * gradients pass through the rounding as if it were not there. {@link StorageTypes#AS_SOURCE}
   * ends that.
   */
  public void roundWeights(StorageTypes types) {
    network.roundTo(types);
    network.refresh();
  }

  /**
   * Exchanges the weights and their moving average, to evaluate or export the average; a second
   * call exchanges them back, which training needs.
   *
   * @throws IllegalStateException if no average is kept
   */
  public void swapAverage() {
    if (options.averageDecay() == 0) {
      throw new IllegalStateException("no moving average is kept: averageDecay is 0");
    }
    parameters.forEach(Parameter::swapAverage);
    averageIsIn = !averageIsIn;
    network.refresh();
  }

  /**
   * Writes everything that a later {@link #loadState} needs to go on as if nothing had happened:
   * weights, AdamW's moments, the moving average, the number of steps. All files are on the disk
   * when this returns.
   *
   * @param folder exists
   */
  public void saveState(Path folder) throws IOException {
    if (averageIsIn) {
      throw new IllegalStateException("the average is in the place of the weights");
    }
    State.save(folder, base, steps, parameters);
  }

  /**
   * Reads what {@link #saveState} wrote.
   *
   * @throws dev.pukara.model.FormatException if it is the state of another model or of other
   *     options
   */
  public void loadState(Path folder) throws IOException {
    steps = State.load(folder, base, parameters);
    averageIsIn = false;
    network.refresh();
  }

  /**
   * Makes the weights the mean of those in several states, for export; moments stay as they are.
   */
  public void averageStates(List<Path> folders) throws IOException {
    State.mean(folders, base, parameters);
    network.refresh();
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
    return Export.model(base, network, target, types, metadata);
  }

  /**
   * Writes LoRA's matrices as PEFT lays them out: adapter_model.safetensors and
   * adapter_config.json.
   *
   * @param baseName what adapter_config.json calls the base model
   * @throws IllegalStateException if the tuning is not LoRA
   */
  public void exportAdapter(Path folder, String baseName) throws IOException {
    if (!(options.tuning() instanceof Tuning.Lora lora)) {
      throw new IllegalStateException("all weights are trained: there is no adapter to export");
    }
    Export.adapter(folder, baseName, lora, parameters);
  }

  /** Frees all memory. */
  @Override
  public void close() {
    network.close();
  }
}
