package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.cache.UserCache;
import dev.pukara.kernels.Precision;
import dev.pukara.model.SyntheticModel;
import dev.pukara.starter.Starter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/** {@code pukara bench}: how fast a model runs here, through the same engine as check. */
@Command(
    name = "bench",
    description = {
      "Measures prefill, cached checks, batches and memory, and what share of the machine's peak that is.",
      "It runs the engine of check at the same default precision. Medians; compare within one run only."
    },
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  pukara bench --shape llama-guard-3-1b",
      "  pukara bench --model Llama-Guard-3-1B.Q8_0.gguf --json",
      "  pukara bench --shape smollm2-135m --profile",
      "  pukara bench --categories 14,100"
    })
final class BenchCommand implements Callable<Integer> {
  @ArgGroup(multiplicity = "0..1")
  private Source source = new Source();

  /** A file, or random weights of a real shape. */
  private static final class Source {
    @Option(
        names = {"-m", "--model"},
        required = true,
        paramLabel = "FILE",
        description = "GGUF file or folder with safetensors; default: the bundled guard.")
    @Nullable Path model;

    @Option(
        names = "--shape",
        required = true,
        paramLabel = "NAME",
        description = "Random weights of this shape: ${COMPLETION-CANDIDATES}.",
        completionCandidates = ModelSynthCommand.Names.class)
    @Nullable String shape;
  }

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "Block type of random weights; default: ${DEFAULT-VALUE}.")
  private String type = "Q8_0";

  @Option(
      names = "--precision",
      description = "${COMPLETION-CANDIDATES}; by default the fastest that the machine has.")
  private @Nullable Precision precision;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description = "Time for each measurement; default: ${DEFAULT-VALUE}.")
  private double seconds = 3;

  @Option(
      names = "--profile",
      description = "Show where the time goes instead: products, attention, norms, waiting.")
  private boolean profile;

  @Option(
      names = "--categories",
      split = ",",
      paramLabel = "N",
      description =
          "Measure the whole guard instead, with policies of so many categories: 14,100. Messages"
              + " have 48 words; the policies are cached.")
  private List<Integer> categories = List.of();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Console console;

  BenchCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (!categories.isEmpty()) {
      return byCategories();
    }
    if (source.shape == null) {
      Path model = model();
      run(model, model.getFileName().toString(), UserCache.ofUser());
      return 0;
    }
    Path file = Files.createTempFile("pukara-bench-", ".gguf");
    try {
      String shape = source.shape;
      console.err().println("making random weights of shape " + shape + ", " + type + " ...");
      SyntheticModel.write(
          ModelSynthCommand.shape(shape), ModelWriting.types(type), 1, Optional.empty(), file);
      run(file, shape + " " + type, Optional.empty());
    } finally {
      Files.deleteIfExists(file);
    }
    return 0;
  }

  private Path model() {
    return source.model == null ? Starter.model() : source.model;
  }

  private int byCategories() throws IOException {
    if (source.shape != null || profile) {
      throw new UserException(
          "--categories measures a guard: it needs a model file (--model), not --shape or --profile");
    }
    if (categories.stream().anyMatch(count -> count < 1)) {
      throw new UserException("--categories " + categories + ", expected numbers from 1");
    }
    List<Map<String, Object>> results =
        new BenchCategories(console.err()).run(model(), precision, categories, seconds);
    if (json) {
      console.out().println(new JsonMapper().writeValueAsString(results));
    } else {
      BenchTable.categories(results, console.out());
    }
    return 0;
  }

  private void run(Path file, String name, Optional<UserCache> cache) throws IOException {
    try (BenchRun bench = BenchRun.open(file, precision, cache, profile, seconds, console.err())) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("model", name);
      result.putAll(profile ? bench.profile() : bench.run());
      if (json) {
        console.out().println(new JsonMapper().writeValueAsString(result));
      } else if (profile) {
        BenchTable.profile(result, console.out());
      } else {
        BenchTable.figures(result, console.out());
      }
    }
  }
}
