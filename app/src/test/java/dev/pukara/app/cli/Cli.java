package dev.pukara.app.cli;

import dev.pukara.model.StorageTypes;
import dev.pukara.model.SyntheticModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

  /** The same in a JVM of its own, without the Vector API. */
  static Result process(List<String> jvm, String... args) throws IOException, InterruptedException {
    Path err = Files.createTempFile("pukara-test", ".err");
    try {
      Process process = builder(jvm, args).redirectError(err.toFile()).start();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Result(process.waitFor(), out, Files.readString(err));
    } finally {
      Files.delete(err);
    }
  }

  static ProcessBuilder builder(List<String> jvm, String... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1"));
    command.addAll(jvm);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.pukara.app.Main"));
    command.addAll(List.of(args));
    return new ProcessBuilder(command);
  }

  /** A tiny model of random weights. */
  static String tinyModel(Path folder) throws IOException {
    Path file = folder.resolve("tiny.gguf");
    SyntheticModel.write(
        SyntheticModel.Shape.TINY, StorageTypes.AS_SOURCE, 1, Optional.empty(), file);
    return file.toString();
  }
}
