package dev.pukara.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher leaves the Vector API out for a fast start, which pays with oneDNN only. */
class KernelsWarningTest {
  private static String check(Path folder, List<String> jvm) throws Exception {
    String model = Cli.tinyModel(folder);
    return Cli.process(jvm, "check", "Hi", "--model", model, "--format", "llama-guard-3-1b").err();
  }

  @Test
  void slowestKernelsAreTold(@TempDir Path empty) throws Exception {
    String nothing = "-Dpukara.native=" + empty;
    assertThat(check(empty, List.of(nothing, "-Dpukara.quiet=vector")))
        .contains("oneDNN is not used")
        .contains("--add-modules jdk.incubator.vector");
  }
}
