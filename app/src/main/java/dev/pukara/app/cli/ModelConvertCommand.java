package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.model.ModelConverter;
import dev.pukara.model.ModelFile;
import dev.pukara.model.StorageTypes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code pukara model convert}: GGUF to safetensors and back. */
@Command(
    name = "convert",
    description = {
      "Writes a model in the other format: a target that ends .gguf becomes GGUF, any other a folder",
      "with safetensors, config.json and tokenizer.json that transformers can load."
    },
    mixinStandardHelpOptions = true)
final class ModelConvertCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "FILE",
      description = "GGUF file or folder with safetensors.")
  private Path source;

  @Parameters(index = "1", paramLabel = "TARGET", description = "New .gguf file or new folder.")
  private Path target;

  private final Console console;

  ModelConvertCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    try (ModelFile model = ModelFile.open(source)) {
      ModelWriting.report(
          ModelConverter.convert(model, target, StorageTypes.AS_SOURCE), console.err());
    }
    return 0;
  }
}
