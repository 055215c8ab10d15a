package dev.pukara.train;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Element;
import dev.pukara.model.StorageTypes;
import dev.pukara.train.LessonEncoder.LossWeights;
import dev.pukara.train.data.DataOptions;
import dev.pukara.train.data.Fields;
import dev.pukara.train.data.RecipeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Everything that decides how a run goes: with the same recipe, files and number of processors it
 * gives the same model.
 *
 * @param base model to start from: GGUF file or folder with safetensors
 * @param data files of rows
 * @param policies files or ids of policies besides those in {@code options}
 * @param format prompt format; empty: as the base says, pukara-1 for a chat model
 * @param out folder of the run
 * @param steps of the run; empty: by epochs
 * @param epochs passes over all prompts, if there is no number of steps
 * @param batchTokens tokens of a batch at most
 * @param batchesPerStep batches whose gradients are added up for one step
 * @param learningRate at its peak
 * @param schedule shape of its way down
 * @param warmup part of the steps that it rises in
 * @param floor what is left of it in the end, as a part of the peak
 * @param trainer which weights move, and AdamW's numbers
 * @param roundLast part of the steps at the end that round weights as the export will
 * @param export types of model.gguf
 * @param safetensors true: safetensors are written too
 * @param checkpointEvery steps between checkpoints
 * @param validateEvery steps between validations; 0: only at the end
 * @param patience validations without a better result that end the run; 0: none does
 * @param weights of the kinds of targets
 * @param options what is learned from the data
 */
public record Recipe(
    Path base,
    List<Path> data,
    List<String> policies,
    Optional<String> format,
    Path out,
    OptionalInt steps,
    double epochs,
    int batchTokens,
    int batchesPerStep,
    double learningRate,
    Schedule.Shape schedule,
    double warmup,
    double floor,
    TrainerOptions trainer,
    double roundLast,
    StorageTypes export,
    boolean safetensors,
    int checkpointEvery,
    int validateEvery,
    int patience,
    LossWeights weights,
    DataOptions options) {
  private static final int BATCH_TOKENS_MAX = 1 << 16;

  /** Reads a recipe file. */
  public static Recipe read(Path file) throws IOException {
    return read(Fields.read(file));
  }

  /** Reads a recipe from fields, which may come from a file and from the command line. */
  public static Recipe read(Fields fields) {
    List<String> policies = fields.texts("policy");
    int seed = fields.integer("seed", 0, Integer.MAX_VALUE, 1);
    Map<String, Double> shares = new LinkedHashMap<>();
    policies.forEach(name -> shares.put(TrainPolicies.idOf(name), 1.0));
    if (shares.isEmpty()) {
      shares.put("llama-guard-3", 1.0);
    }
    int steps = fields.integer("steps", 1, 100_000_000, 0);
    Fields export = fields.map("export").orElseGet(() -> Fields.empty("export"));
    Fields loss = fields.map("loss").orElseGet(() -> Fields.empty("loss"));
    Fields data = fields.map("rows").orElseGet(() -> Fields.empty("rows"));
    List<Path> files = fields.texts("data").stream().map(Path::of).toList();
    if (files.isEmpty()) {
      throw fields.bad("data", "empty", "at least one file of rows (--data FILE)");
    }
    Recipe recipe =
        new Recipe(
            Path.of(required(fields, "base", "the model to start from (--base FILE)")),
            files,
            policies,
            fields.text("format"),
            Path.of(required(fields, "out", "a folder for the run (--out DIR)")),
            steps == 0 ? OptionalInt.empty() : OptionalInt.of(steps),
            fields.number("epochs", 0.01, 10_000).orElse(3),
            fields.integer("batch-tokens", 128, BATCH_TOKENS_MAX, 1536),
            fields.integer("batches-per-step", 1, 1024, 1),
            fields.number("learning-rate", 1e-9, 1).orElse(1e-4),
            choice(fields, "schedule", Schedule.Shape.class, Schedule.Shape.COSINE),
            fields.number("warmup", 0, 1).orElse(0.05),
            fields.number("floor", 0, 1).orElse(0.1),
            trainer(fields, seed),
            export.number("round-last", 0, 1).orElse(0),
            types(export),
            export.flag("safetensors", false),
            fields.integer("checkpoint-every", 1, Integer.MAX_VALUE, 200),
            fields.integer("validate-every", 0, Integer.MAX_VALUE, 100),
            fields.integer("patience", 0, 1000, 0),
            new LossWeights(
                loss.number("verdict", 0.001, 1000).orElse(1),
                loss.number("codes", 0, 1000).orElse(0.3),
                loss.number("questions", 0, 1000).orElse(0.5)),
            DataOptions.read(data, shares, seed));
    loss.noOthers();
    export.noOthers();
    fields.noOthers();
    return recipe;
  }

  private static String required(Fields fields, String name, String expected) {
    return fields.text(name).orElseThrow(() -> fields.bad(name, "empty", expected));
  }

  private static <E extends Enum<E>> E choice(
      Fields fields, String name, Class<E> type, E otherwise) {
    Optional<String> given = fields.text(name);
    if (given.isEmpty()) {
      return otherwise;
    }
    for (E value : type.getEnumConstants()) {
      if (value.name().equalsIgnoreCase(given.get())) {
        return value;
      }
    }
    throw fields.bad(
        name,
        "'" + given.get() + "'",
        "one of " + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT));
  }

  private static TrainerOptions trainer(Fields fields, long seed) {
    TrainerOptions usual = TrainerOptions.DEFAULT;
    return new TrainerOptions(
        tuning(fields),
        fields.number("beta1", 0, 0.9999).orElse(usual.beta1()),
        fields.number("beta2", 0, 0.99999).orElse(usual.beta2()),
        usual.eps(),
        fields.number("weight-decay", 0, 1).orElse(usual.weightDecay()),
        fields.number("gradient-norm-max", 1e-6, 1e6).orElse(usual.gradientNormMax()),
        fields.number("average-decay", 0, 0.99999).orElse(0),
        choice(fields, "products", Element.class, usual.products()),
        seed);
  }

  private static Tuning tuning(Fields fields) {
    boolean frozen = fields.flag("freeze-embedding", false);
    Optional<Fields> lora = fields.map("lora");
    if (lora.isEmpty()) {
      return new Tuning.Full(frozen);
    }
    Fields given = lora.get();
    int rank = given.integer("rank", 1, 4096, 16);
    List<String> targets = given.texts("targets");
    Tuning.Lora tuning =
        new Tuning.Lora(
            rank,
            given.number("alpha", 1e-6, 1e6).orElse(2.0 * rank),
            new LinkedHashSet<>(targets.isEmpty() ? Tuning.Lora.MATRICES : targets));
    given.noOthers();
    return tuning;
  }

  private static StorageTypes types(Fields export) {
    BlockFormat linear = block(export, "type", BlockFormat.F16);
    return StorageTypes.of(linear, block(export, "embedding-type", linear));
  }

  private static BlockFormat block(Fields export, String name, BlockFormat otherwise) {
    BlockFormat format = choice(export, name, BlockFormat.class, otherwise);
    if (!format.canEncode()) {
      throw export.bad(
          name,
          format,
          "one of " + Arrays.stream(BlockFormat.values()).filter(BlockFormat::canEncode).toList());
    }
    return format;
  }

  /** Checks what one field alone cannot tell. */
  public Recipe {
    data = List.copyOf(data);
    policies = List.copyOf(policies);
    if (batchTokens % 64 != 0) {
      throw new RecipeException(
          "batch-tokens is " + batchTokens + ", expected a multiple of 64; correct the recipe");
    }
  }

  /** The same in another folder. */
  Recipe withOut(Path other) {
    return new Recipe(
        base,
        data,
        policies,
        format,
        other,
        steps,
        epochs,
        batchTokens,
        batchesPerStep,
        learningRate,
        schedule,
        warmup,
        floor,
        trainer,
        roundLast,
        export,
        safetensors,
        checkpointEvery,
        validateEvery,
        patience,
        weights,
        options);
  }
}
