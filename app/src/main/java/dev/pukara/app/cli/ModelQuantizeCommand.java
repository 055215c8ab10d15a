package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.guard.Guard;
import dev.pukara.guard.Policies;
import dev.pukara.guard.Policy;
import dev.pukara.guard.PromptEncoder;
import dev.pukara.guard.PromptFormat;
import dev.pukara.guard.PromptFormats;
import dev.pukara.kernels.Kernels;
import dev.pukara.model.GuidedRounding;
import dev.pukara.model.ModelConverter;
import dev.pukara.model.ModelFile;
import dev.pukara.model.StorageTypes;
import dev.pukara.model.Tokenizer;
import dev.pukara.model.WrittenModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pukara model quantize}: the same weights in smaller blocks. */
@Command(
    name = "quantize",
    description = "Writes a model with its matrices in another type; norms stay F32.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  pukara model quantize MODEL.gguf small.gguf --type Q4_0",
      "  pukara model quantize MODEL.gguf small.gguf --type Q4_0 --rows rows.jsonl"
    })
final class ModelQuantizeCommand implements Callable<Integer> {
  /** Longer prompts are left out: few texts would then count for all. */
  private static final int TOKENS_MAX = 1024;

  @Parameters(
      index = "0",
      paramLabel = "FILE",
      description = "GGUF file or folder with safetensors.")
  private Path source;

  @Parameters(index = "1", paramLabel = "TARGET", description = "New .gguf file.")
  private Path target;

  @Option(
      names = "--type",
      required = true,
      paramLabel = "TYPE",
      description = "F32, F16, BF16, Q8_0, Q5_0, Q4_1 or Q4_0.")
  private String type = "";

  @Option(
      names = "--embedding",
      paramLabel = "TYPE",
      description = "Type of embedding and head; by default the same.")
  private @Nullable String embedding;

  @Option(
      names = "--down",
      paramLabel = "TYPE",
      description = "Type of the down projections, which lose most; by default as the others.")
  private @Nullable String down;

  @Option(
      names = "--rows",
      paramLabel = "ROWS.jsonl",
      description =
          "Rows (docs/data-format.md) by which to round, may be given several times: each layer"
              + " keeps its results on their prompts (GPTQ). For Q4_0, Q5_0 and Q8_0; two minutes"
              + " for 135M parameters.")
  private List<Path> rows = List.of();

  @Option(
      names = "--rows-max",
      paramLabel = "N",
      description = "Rows that are used, spread evenly; default: ${DEFAULT-VALUE}.")
  private int rowsMax = 400;

  @Option(
      names = {"-p", "--policy"},
      paramLabel = "ID|FILE",
      description = "Policy of the prompts; by default the prompt format's own.")
  private @Nullable String policy;

  @Option(
      names = "--format",
      paramLabel = "NAME",
      description = "Prompt format for --rows; by default as the model file says.")
  private @Nullable String format;

  private final Console console;

  ModelQuantizeCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    StorageTypes types = ModelWriting.types(type, embedding, down);
    try (ModelFile model = ModelFile.open(source)) {
      ModelWriting.report(
          rows.isEmpty() ? ModelConverter.convert(model, target, types) : guided(model, types),
          console.err());
    }
    return 0;
  }

  private WrittenModel guided(ModelFile model, StorageTypes types) throws IOException {
    List<GuidedRounding.Prompt> prompts = prompts(model);
    ProgressBar progress = new ProgressBar(console.err());
    progress.start("reading prompts", 0, prompts.size());
    try (Kernels kernels = Kernels.best();
        GuidedRounding rounding =
            GuidedRounding.of(model, kernels, types, prompts, progress::advance)) {
      progress.end();
      return ModelConverter.convert(model, rounding, target, types);
    }
  }

  private List<GuidedRounding.Prompt> prompts(ModelFile model) throws IOException {
    PromptFormat chosen = format == null ? Guard.formatOf(source) : PromptFormats.find(format);
    Policy asked = policy == null ? chosen.defaultPolicy() : Policies.find(policy);
    Policy inPrompt = Guard.inPrompt(source, chosen, asked);
    PromptEncoder encoder = new PromptEncoder(Tokenizer.of(model.tokenizer()), chosen);
    return SpreadRows.pick(rows, rowsMax, "--rows-max").stream()
        .map(row -> chosen.render(inPrompt, row.conversation()))
        .map(p -> new GuidedRounding.Prompt(encoder.prefix(p), encoder.behindPrefix(p)))
        .filter(prompt -> prompt.rest().length <= TOKENS_MAX)
        .toList();
  }
}
