package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.model.ModelConverter;
import dev.pukara.model.ModelFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pukara model quantize}: the same weights in smaller blocks. */
@Command(
    name = "quantize",
    description = "Writes a model with its matrices in another type; norms stay F32.",
    mixinStandardHelpOptions = true)
final class ModelQuantizeCommand implements Callable<Integer> {
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

  private final Console console;

  ModelQuantizeCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    try (ModelFile model = ModelFile.open(source)) {
      ModelWriting.report(
          ModelConverter.convert(model, target, ModelWriting.types(type, embedding)),
          console.err());
    }
    return 0;
  }
}
