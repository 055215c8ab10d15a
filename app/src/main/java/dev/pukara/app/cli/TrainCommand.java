package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.eval.Ranking;
import dev.pukara.kernels.Kernels;
import dev.pukara.train.FineTune;
import dev.pukara.train.Preview;
import dev.pukara.train.Recipe;
import dev.pukara.train.data.Fields;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code pukara train}: a guard of one's own. */
@Command(
    name = "train",
    description = {
      "Fine-tunes a model as a guard on labelled rows (docs/training.md).",
      "The folder of the run holds log.jsonl, plot.html, checkpoints and in the end model.gguf and"
          + " its card. A run that was stopped or killed goes on with --resume."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footer = {
      "",
      "Examples:",
      "  pukara train --base SmolLM2-135M-Instruct.Q4_1.gguf --data rows.jsonl \\",
      "    --policy bank.yaml --out runs/bank --dry-run",
      "  pukara train --base SmolLM2-135M-Instruct.Q4_1.gguf --data rows.jsonl \\",
      "    --policy bank.yaml --out runs/bank --epochs 6",
      "  pukara train --recipe recipes/guard-135m.yaml --out runs/guard --resume"
    })
final class TrainCommand implements Callable<Integer> {
  @Option(
      names = "--recipe",
      paramLabel = "FILE",
      description = "YAML with everything that can be chosen; the options below go before it.")
  private @Nullable Path recipe;

  @Option(
      names = "--base",
      paramLabel = "FILE",
      description = "Model to start from: GGUF file or folder with safetensors.")
  private @Nullable Path base;

  @Option(
      names = "--data",
      paramLabel = "FILE",
      arity = "1..*",
      description = "Rows, JSON Lines, plain or .gz (docs/data-format.md).")
  private List<Path> data = new ArrayList<>();

  @Option(
      names = "--policy",
      paramLabel = "ID|FILE",
      description = "Policy that the rows are labelled by; default: llama-guard-3.")
  private List<String> policies = new ArrayList<>();

  @Option(names = "--out", paramLabel = "DIR", description = "Folder of the run.")
  private @Nullable Path out;

  @Option(names = "--resume", description = "Go on where the folder's last checkpoint is.")
  private boolean resume;

  @Option(names = "--epochs", paramLabel = "N", description = "Passes over the rows; default: 3.")
  private @Nullable Double epochs;

  @Option(names = "--steps", paramLabel = "N", description = "Steps, instead of epochs.")
  private @Nullable Integer steps;

  @Option(
      names = "--learning-rate",
      paramLabel = "R",
      description = "At its peak; default: 1e-4 (LoRA: try 1e-3).")
  private @Nullable Double learningRate;

  @Option(
      names = "--batch-tokens",
      paramLabel = "N",
      description = "Tokens of a batch at most, a multiple of 64; default: 1536.")
  private @Nullable Integer batchTokens;

  @Option(
      names = "--lora",
      paramLabel = "RANK",
      description = "Train low-rank adapters instead of all weights.")
  private @Nullable Integer lora;

  @Option(
      names = "--tiers",
      paramLabel = "A,B",
      split = ",",
      description = "Licence tiers that rows may have; others are refused. Default: all.")
  private List<String> tiers = new ArrayList<>();

  @Option(
      names = "--format",
      paramLabel = "ID",
      description = "Prompt format; default: as the base says, pukara-1 for a chat model.")
  private @Nullable String format;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "Block type of model.gguf: F16 (default), Q8_0, Q4_0, ...")
  private @Nullable String type;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "STEPS",
      description = "Steps between checkpoints; default: 200.")
  private @Nullable Integer checkpointEvery;

  @Option(
      names = "--validate-every",
      paramLabel = "STEPS",
      description = "Steps between validations; default: 100.")
  private @Nullable Integer validateEvery;

  @Option(
      names = "--patience",
      paramLabel = "N",
      description = "Validations without a better result that end the run; default: none do.")
  private @Nullable Integer patience;

  @Option(names = "--seed", paramLabel = "N", description = "Of everything random; default: 1.")
  private @Nullable Integer seed;

  @Option(
      names = "--dry-run",
      description = "Train nothing: print what the rows hold and some rendered batches.")
  private boolean dryRun;

  @Option(
      names = "--examples",
      paramLabel = "N",
      description = "Batches that --dry-run shows; default: ${DEFAULT-VALUE}.")
  private int examples = 3;

  @Option(names = "--json", description = "With --dry-run: only the counts, as a JSON object.")
  private boolean json;

  private final Console console;

  TrainCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    Recipe chosen = recipe();
    if (dryRun) {
      preview(chosen);
      return 0;
    }
    Kernels.requireVectorApi("training");
    TrainProgress progress = new TrainProgress(console.err());
    try (StopSignal stop = StopSignal.install()) {
      FineTune.Result result =
          FineTune.run(
              chosen,
              resume,
              (scores, unsafe) -> new Ranking(scores, unsafe).auprc(),
              progress,
              stop::isAsked);
      progress.end();
      switch (result.ending()) {
        case COMPLETED -> console.out().println(result.model());
        case ALREADY_DONE ->
            console.err().println(result.model() + ": made already, nothing to do");
        case STOPPED -> console.err().println("stopped; go on with --resume");
      }
    }
    return 0;
  }

  private Recipe recipe() throws IOException {
    Fields fields = recipe == null ? Fields.empty("command line") : Fields.read(recipe);
    set(fields, "base", base == null ? null : base.toString());
    set(fields, "out", out == null ? null : out.toString());
    if (!data.isEmpty()) {
      fields.set("data", data.stream().map(Path::toString).toList());
    }
    if (!policies.isEmpty()) {
      fields.set("policy", policies);
      fields.remove("rows.policies");
    }
    if (!tiers.isEmpty()) {
      fields.set("rows.tiers", tiers);
    }
    if (epochs != null) {
      fields.set("epochs", epochs);
      fields.remove("steps");
    }
    set(fields, "steps", steps);
    set(fields, "learning-rate", learningRate);
    set(fields, "batch-tokens", batchTokens);
    set(fields, "lora.rank", lora);
    set(fields, "format", format);
    set(fields, "export.type", type);
    set(fields, "checkpoint-every", checkpointEvery);
    set(fields, "validate-every", validateEvery);
    set(fields, "patience", patience);
    set(fields, "seed", seed);
    return Recipe.read(fields);
  }

  private static void set(Fields fields, String path, @Nullable Object value) {
    if (value != null) {
      fields.set(path, value);
    }
  }

  private void preview(Recipe chosen) throws IOException {
    Preview preview = FineTune.preview(chosen, json ? 0 : examples);
    if (json) {
      console.out().println(preview.dataJson());
      return;
    }
    console.out().println(preview.data());
    console
        .out()
        .println(
            preview.trainCases()
                + " judged messages to learn from, "
                + preview.validationCases()
                + " held out, "
                + preview.steps()
                + " steps, prompt format "
                + preview.format()
                + ".\nBelow, ⟦ ⟧ marks what the model learns to say.\n");
    preview.batches().forEach(console.out()::println);
  }
}
