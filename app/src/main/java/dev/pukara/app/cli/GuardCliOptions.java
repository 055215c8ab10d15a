package dev.pukara.app.cli;

import dev.pukara.guard.CategoryMode;
import dev.pukara.guard.DecisionOptions;
import dev.pukara.guard.DefenceOptions;
import dev.pukara.guard.Guard;
import dev.pukara.guard.GuardOptions;
import dev.pukara.guard.Policies;
import dev.pukara.guard.Policy;
import dev.pukara.guard.PromptFormat;
import dev.pukara.guard.PromptFormats;
import dev.pukara.guard.remote.RemoteOptions;
import dev.pukara.kernels.Precision;
import dev.pukara.starter.Starter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Model, policy, format and precision. */
final class GuardCliOptions {
  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description =
          "GGUF file or folder with safetensors; else the environment variable PUKARA_MODEL,"
              + " else the bundled guard.")
  @Nullable Path model;

  @Option(
      names = {"-p", "--policy"},
      paramLabel = "ID|FILE",
      description = "Built-in policy or YAML file; by default the prompt format's own.")
  @Nullable String policy;

  @Option(
      names = "--exclude",
      split = ",",
      paramLabel = "CODE",
      description = "Leave these categories out of the policy.")
  List<String> exclude = List.of();

  @Option(
      names = "--format",
      paramLabel = "NAME",
      description =
          "Prompt format, one of docs/formats.md; by default as policy or model file say.")
  @Nullable String format;

  @Option(
      names = "--precision",
      description = "${COMPLETION-CANDIDATES}; by default the fastest that the machine has.")
  @Nullable Precision precision;

  @Option(
      names = "--threshold",
      paramLabel = "P",
      description =
          "Score from which a message is unsafe, 0 to 1; default: as policy or model"
              + " file say, else 0.5.")
  @Nullable Double threshold;

  @Mixin private final RemoteCliOptions remote = new RemoteCliOptions();

  @Mixin private final DefenceCliOptions defences = new DefenceCliOptions();

  @Option(
      names = "--categories",
      paramLabel = "WHEN",
      description =
          "When to score every category by itself: ${COMPLETION-CANDIDATES}; default:"
              + " ${DEFAULT-VALUE}.")
  CategoryMode categories = CategoryMode.UNSAFE;

  @Option(
      names = "--fail-open",
      description = "Allow what the model gives no readable answer to; by default it is blocked.")
  boolean failOpen;

  /** The model that the user names, if any. */
  Optional<Path> namedModel() {
    if (model != null) {
      return Optional.of(model);
    }
    String variable = System.getenv("PUKARA_MODEL");
    return variable == null || variable.isBlank()
        ? Optional.empty()
        : Optional.of(Path.of(variable));
  }

  /** The model that the user names, else the bundled one. */
  Path modelPath() {
    return namedModel().orElseGet(Starter::model);
  }

  /** Name of the prompt format that options or policy ask for, if any. */
  Optional<String> formatName() {
    return Optional.ofNullable(format)
        .or(() -> Optional.ofNullable(policy).flatMap(p -> Policies.find(p).settings().format()));
  }

  /** The prompt format: as told, or as the policy says, or as the model file or server says. */
  PromptFormat format() throws IOException {
    return format(remote.options());
  }

  private PromptFormat format(Optional<RemoteOptions> server) throws IOException {
    Optional<String> told = formatName();
    if (server.isPresent()) {
      return told.map(PromptFormats::find).orElseGet(() -> remote.format(server.get()));
    }
    if (told.isEmpty()) {
      return Guard.formatOf(modelPath());
    }
    // A format that a model's file knows is asked of that file; the bundled guard has one of its
    // own.
    return namedModel().isPresent()
        ? Guard.formatOf(modelPath(), told.get())
        : PromptFormats.find(told.get());
  }

  /** Id or file of the policy in use. */
  String policyName(PromptFormat chosen) {
    return policy == null ? chosen.defaultPolicy().id() : policy;
  }

  /** The policy asked for, if any. */
  Optional<Policy> policy(PromptFormat chosen) {
    if (policy == null && exclude.isEmpty()) {
      return Optional.empty();
    }
    Policy base = policy == null ? chosen.defaultPolicy() : Policies.find(policy);
    for (String code : exclude) {
      if (base.categories().stream().noneMatch(category -> category.code().equals(code))) {
        throw new UserException(
            "--exclude "
                + code
                + ": policy "
                + base.id()
                + " has no such code; it has "
                + base.categories().stream().map(category -> category.code()).toList());
      }
    }
    return Optional.of(base.without(Set.copyOf(exclude)));
  }

  /** The guard: on a model file, or on a server if one is named. */
  Guard open() throws IOException {
    return open(categories, defences.options());
  }

  /** The same with categories scored as the command wants. */
  Guard open(CategoryMode scored) throws IOException {
    return open(scored, defences.options());
  }

  /** True if a server is asked, not a model file. */
  boolean isRemote() {
    return remote.url != null;
  }

  /** The same for a command that has its own idea of categories and defences. */
  Guard open(CategoryMode scored, DefenceOptions read) throws IOException {
    Optional<RemoteOptions> server = remote.options();
    PromptFormat chosen = format(server);
    if (server.isEmpty()) {
      return Guard.open(guardOptions(chosen).withCategories(scored).withDefences(read));
    }
    return Guard.connect(
        server.get(),
        with(GuardOptions.forServer(), chosen).withCategories(scored).withDefences(read));
  }

  /** Options that verdicts depend on and that stand in none, with their values. */
  Map<String, String> deciding() {
    Map<String, String> values = new TreeMap<>(defences.deciding());
    values.put("--threshold", threshold == null ? "default" : threshold.toString());
    values.put("--categories", categories.name());
    values.put("--precision", precision == null ? "default" : precision.name());
    values.put("--fail-open", Boolean.toString(failOpen));
    values.put("--remote-api", remote.api.name());
    return values;
  }

  GuardOptions guardOptions(PromptFormat chosen) {
    return with(GuardOptions.of(modelPath()), chosen);
  }

  private GuardOptions with(GuardOptions base, PromptFormat chosen) {
    GuardOptions options = base.withFormat(chosen).withDefences(defences.options());
    DecisionOptions decision = options.decision().withCategories(categories).withFailOpen(failOpen);
    if (threshold != null) {
      decision = decision.withThreshold(threshold);
    }
    options = options.withDecision(decision);
    if (precision != null) {
      options = options.withPrecision(precision);
    }
    Optional<Policy> wanted = policy(chosen);
    return wanted.isPresent() ? options.withPolicy(wanted.get()) : options;
  }
}
