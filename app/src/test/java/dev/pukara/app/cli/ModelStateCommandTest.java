package dev.pukara.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.app.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelStateCommandTest {
  @TempDir private Path folder;

  @Test
  void whatIsStatedIsReadAndKept() throws IOException {
    String tiny = Cli.tinyModel(folder);
    String once = folder.resolve("once.gguf").toString();
    String twice = folder.resolve("twice.gguf").toString();
    assertThat(
            Cli.run(
                    "model",
                    "state",
                    tiny,
                    once,
                    "--format",
                    "llama-guard-3-1b",
                    "--threshold",
                    "0.25")
                .code())
        .isZero();
    assertThat(
            Cli.run("model", "state", once, twice, "--temperature", "1.5", "--name", "Mine").code())
        .isZero();
    assertThat(Cli.run("model", "info", twice).out())
        .containsPattern("pukara.format +llama-guard-3-1b")
        .containsPattern("pukara.threshold +0.25")
        .containsPattern("pukara.temperature +1.5");
    assertThat(Cli.run("check", "--model", twice, "Hi").code())
        .isIn(ExitCodes.SAFE, ExitCodes.UNSAFE);
  }

  @Test
  void valuesOutOfRangeAreRefused() throws IOException {
    Path target = folder.resolve("no.gguf");
    Result result =
        Cli.run("model", "state", Cli.tinyModel(folder), target.toString(), "--threshold", "7");
    assertThat(result.code()).isEqualTo(ExitCodes.USAGE);
    assertThat(result.err()).contains("--threshold 7.0, expected 0.0 to 1.0");
    assertThat(Files.exists(target)).isFalse();
  }
}
