package dev.pukara.app.cli;

import dev.pukara.eval.Adaptation;
import dev.pukara.eval.Contender;
import dev.pukara.eval.GuardContender;
import dev.pukara.eval.OpenAiContender;
import dev.pukara.eval.data.Columns;
import dev.pukara.eval.data.DataSet;
import dev.pukara.eval.data.DataSets;
import dev.pukara.eval.data.DataSpec;
import dev.pukara.guard.CategoryMode;
import dev.pukara.guard.Guard;
import dev.pukara.guard.GuardOptions;
import dev.pukara.guard.Policies;
import dev.pukara.kernels.Precision;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which guards are measured on which data. */
final class EvalOptions {
  @Option(
      names = {"-d", "--data"},
      paramLabel = "NAME[:READER]=FILE",
      description = "A data set; the format is found out, or told by READER (see 'eval readers').")
  private List<String> data = List.of();

  @Option(
      names = "--columns",
      paramLabel = "FIELD=COL[:UNSAFE|...],...",
      description =
          "For READER csv: which column is prompt, response, prompt_label, response_label,"
              + " categories, id; and which label values are unsafe.")
  private @Nullable String columns;

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description =
          "GGUF file or folder with safetensors, several: side by side; else PUKARA_MODEL,"
              + " else the bundled guard.")
  private List<Path> models = List.of();

  @Option(
      names = {"-p", "--policy"},
      paramLabel = "ID|FILE",
      description =
          "Built-in policy or YAML file, several: side by side; default: the prompt format's own.")
  private List<String> policies = List.of();

  @Option(
      names = "--format",
      paramLabel = "NAME",
      description = "Prompt format; by default as the model file says.")
  private @Nullable String format;

  @Option(
      names = "--precision",
      description = "${COMPLETION-CANDIDATES}; by default the fastest that the machine has.")
  private @Nullable Precision precision;

  @Option(
      names = "--threshold",
      paramLabel = "P",
      description = "The guard's threshold; by default as policy or model file say, else 0.5.")
  private @Nullable Double threshold;

  @Option(
      names = "--categories",
      paramLabel = "WHEN",
      description =
          "When to score every category by itself: ${COMPLETION-CANDIDATES}; default:"
              + " ${DEFAULT-VALUE}. ALWAYS measures categories too: 1-vs-all, 1-vs-benign, maximum."
              + " NEVER is fastest.")
  private CategoryMode categories = CategoryMode.UNSAFE;

  @Mixin private final DefenceCliOptions defences = new DefenceCliOptions();

  @Option(
      names = "--openai",
      paramLabel = "URL",
      description =
          "Also (or only) measure a server that speaks OpenAI's moderation API; it gets the texts.")
  private @Nullable URI openAi;

  @Option(names = "--openai-model", paramLabel = "NAME", description = "Default: ${DEFAULT-VALUE}.")
  private String openAiModel = "omni-moderation-latest";

  @Option(
      names = "--openai-key-env",
      paramLabel = "VARIABLE",
      description = "Environment variable that holds the key; default: ${DEFAULT-VALUE}.")
  private String openAiKeyVariable = "OPENAI_API_KEY";

  // Not required for picocli: it would ask for it before the subcommands too.
  List<DataSet> sets() throws IOException {
    if (data.isEmpty()) {
      throw new UserException("no data; give --data NAME=FILE (see 'eval --help')");
    }
    Columns mapping = columns == null ? Columns.OWN_NAMES : Columns.parse(columns);
    List<DataSet> sets = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (String text : data) {
      DataSpec spec = DataSpec.parse(text);
      if (!names.add(spec.name())) {
        throw new UserException("--data " + spec.name() + ": given twice; names must differ");
      }
      sets.add(DataSets.read(spec, mapping));
    }
    return sets;
  }

  /** Every model with every policy and adaptation, and the API if asked for. */
  List<Contender> contenders(List<Adaptation> adaptations) throws IOException {
    List<Contender> contenders = new ArrayList<>();
    for (Path model : models()) {
      for (Optional<String> policy : policies()) {
        for (Adaptation adaptation : adaptations) {
          String label = label(model, policy, adaptations.size() > 1 ? adaptation.id() : "");
          contenders.add(new GuardContender(label, guard(model, policy), adaptation));
        }
      }
    }
    if (openAi != null) {
      Optional<String> key =
          Optional.ofNullable(System.getenv(openAiKeyVariable)).filter(value -> !value.isBlank());
      contenders.add(new OpenAiContender(stem(openAiModel), openAi, openAiModel, key));
    }
    Set<String> labels = new HashSet<>();
    for (Contender contender : contenders) {
      if (!labels.add(contender.label())) {
        throw new UserException(
            "two guards would be called '" + contender.label() + "'; rename one of the files");
      }
    }
    return contenders;
  }

  private List<Path> models() {
    if (!models.isEmpty()) {
      return models;
    }
    GuardCliOptions fallback = new GuardCliOptions();
    return openAi != null && fallback.namedModel().isEmpty()
        ? List.of()
        : List.of(fallback.modelPath());
  }

  private List<Optional<String>> policies() {
    return policies.isEmpty()
        ? List.of(Optional.empty())
        : policies.stream().map(Optional::of).toList();
  }

  private String label(Path model, Optional<String> policy, String adaptation) {
    StringBuilder label = new StringBuilder(stem(model.toAbsolutePath().getFileName().toString()));
    if (policies.size() > 1) {
      policy.ifPresent(p -> label.append('-').append(stem(Path.of(p).getFileName().toString())));
    }
    return adaptation.isEmpty()
        ? label.toString()
        : label.append('-').append(adaptation).toString();
  }

  private static String stem(String fileName) {
    return fileName.replaceFirst("\\.(gguf|ya?ml)$", "").replaceAll("[^A-Za-z0-9._-]", "_");
  }

  private GuardOptions guard(Path model, Optional<String> policy) throws IOException {
    GuardOptions options =
        GuardOptions.of(model).withDefences(defences.options()).withCategories(categories);
    if (policy.isPresent()) {
      options = options.withPolicy(Policies.find(policy.get()));
    }
    if (format != null) {
      options = options.withFormat(Guard.formatOf(model, format));
    }
    if (precision != null) {
      options = options.withPrecision(precision);
    }
    return threshold == null ? options : options.withThreshold(threshold);
  }
}
