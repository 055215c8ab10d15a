package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.guard.GuardMetadata;
import dev.pukara.guard.PromptFormat;
import dev.pukara.guard.PromptFormats;
import dev.pukara.model.ModelConverter;
import dev.pukara.model.ModelFile;
import dev.pukara.model.StorageTypes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pukara model state}: how a model's scores become verdicts, written into its file. */
@Command(
    name = "state",
    description = {
      "Writes a copy of a GGUF file that states its prompt format and how its scores become"
          + " verdicts; a guard on that file goes by it unless policy or options say otherwise."
          + " What is not given stays."
    },
    mixinStandardHelpOptions = true)
final class ModelStateCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "FILE", description = "GGUF file.")
  private Path source;

  @Parameters(index = "1", paramLabel = "TARGET", description = "New .gguf file.")
  private Path target;

  @Option(
      names = "--format",
      paramLabel = "NAME",
      description = "Prompt format that it was trained on, one of docs/formats.md.")
  private @Nullable String format;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "The message's score: log odds are divided by it.")
  private @Nullable Double temperature;

  @Option(
      names = "--category-temperature",
      paramLabel = "T",
      description = "The same for the categories' scores.")
  private @Nullable Double categoryTemperature;

  @Option(
      names = "--answer-bias",
      paramLabel = "B",
      description =
          "Log odds added where an agent's answer is judged, before the temperature divides them, so"
              + " that one threshold serves messages and answers.")
  private @Nullable Double answerBias;

  @Option(
      names = "--threshold",
      paramLabel = "P",
      description = "Score from which a message is unsafe, 0 to 1.")
  private @Nullable Double threshold;

  @Option(
      names = "--readable-floor",
      paramLabel = "P",
      description = "Least p(safe) + p(unsafe) that is an answer, 0 to 1.")
  private @Nullable Double readableFloor;

  @Option(names = "--name", paramLabel = "TEXT", description = "The model's name.")
  private @Nullable String name;

  private final Console console;

  ModelStateCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (!target.toString().endsWith(".gguf")) {
      throw new UserException(target + ": expected a name that ends with .gguf");
    }
    try (ModelFile model = ModelFile.open(source)) {
      Map<String, Object> metadata = new LinkedHashMap<>(stated(GuardMetadata.of(model)).toMap());
      if (name != null) {
        metadata.put("general.name", name);
      }
      ModelWriting.report(
          ModelConverter.convert(model, model, target, StorageTypes.AS_SOURCE, metadata),
          console.err());
    }
    return 0;
  }

  private GuardMetadata stated(GuardMetadata before) {
    Optional<PromptFormat> told = Optional.ofNullable(format).map(PromptFormats::find);
    return new GuardMetadata(
        told.map(PromptFormat::id).or(before::format),
        told.map(PromptFormat::safeToken).or(before::safe),
        told.map(PromptFormat::unsafeToken).or(before::unsafe),
        either("--temperature", temperature, before.temperature(), 1e-3, 1e3),
        either(
            "--category-temperature", categoryTemperature, before.categoryTemperature(), 1e-3, 1e3),
        either("--answer-bias", answerBias, before.answerBias(), -100, 100),
        either("--threshold", threshold, before.threshold(), 0, 1),
        either("--readable-floor", readableFloor, before.readableFloor(), 0, 1),
        before.baseDigest());
  }

  private static OptionalDouble either(
      String option, @Nullable Double told, OptionalDouble before, double min, double max) {
    if (told == null) {
      return before;
    }
    if (!(told >= min && told <= max)) {
      throw new UserException(option + " " + told + ", expected " + min + " to " + max);
    }
    return OptionalDouble.of(told);
  }
}
