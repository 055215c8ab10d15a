package dev.pukara.app.cli;

import dev.pukara.model.StorageTypes;
import dev.pukara.model.SyntheticModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/** Runs commands in this process. */
final class Cli {
  private Cli() {}

  /** What a command printed. */
  record Result(int code, String out, String err) {}

  static Result run(String... args) {
    return pipe("", args);
  }

  /** The same with something on standard input. */
  static Result pipe(String input, String... args) {
    ByteArrayInputStream in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code = Pukara.run(in, out, err, args);
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** A tiny model of random weights. */
  static String tinyModel(Path folder) throws IOException {
    Path file = folder.resolve("tiny.gguf");
    SyntheticModel.write(
        SyntheticModel.Shape.TINY, StorageTypes.AS_SOURCE, 1, Optional.empty(), file);
    return file.toString();
  }
}
