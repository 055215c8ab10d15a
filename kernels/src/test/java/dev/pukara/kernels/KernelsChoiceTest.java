package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KernelsChoiceTest {

  @Test
  void findsKernelsByName() {
    try (Kernels scalar = Kernels.named("scalar");
        Kernels vector = Kernels.named("vector")) {
      assertThat(scalar.name()).isEqualTo("scalar");
      assertThat(vector.name()).isEqualTo("vector-" + Lanes.F.vectorBitSize());
    }
  }

  @Test
  void refusesUnknownNamesAndTellsTheKnownOnes() {
    assertThatThrownBy(() -> Kernels.named("cuda"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'cuda'")
        .hasMessageContaining("onednn, vector, scalar");
  }

  @Test
  void obeysTheProperty() throws Exception {
    assertThat(java("-Dpukara.kernels=scalar", "--add-modules=jdk.incubator.vector"))
        .isEqualTo("scalar");
  }

  @Test
  void oneDnnNeedsNoFlagWhereItRuns() throws Exception {
    String reason = OneDnnTesting.whyNot();
    assumeTrue(reason == null, reason);
    assertThat(java("--add-modules=jdk.incubator.vector")).isEqualTo("onednn");
    assertThat(java()).isEqualTo("onednn");
  }

  /** A directory without the libraries stands for a machine on which they cannot be loaded. */
  @Test
  void fallsBackWithoutOneDnn(@TempDir Path empty) throws Exception {
    String nothing = "-Dpukara.native=" + empty;
    assertThat(java(nothing, "--add-modules=jdk.incubator.vector"))
        .isEqualTo("vector-" + Lanes.F.vectorBitSize());
    assertThat(java(nothing)).isEqualTo("scalar");
    assertThat(java(nothing, "-Dpukara.kernels=onednn"))
        .contains("KernelsException")
        .contains("oneDNN could not be loaded: " + empty)
        .contains("-Dpukara.native=");
  }

  /** oneDNN obeys the variable: it stands for processors that lack the newer instructions. */
  @Test
  void fallsBackWithoutTheInstructions() throws Exception {
    String reason = OneDnnTesting.whyNot();
    assumeTrue(reason == null, reason);
    Map<String, String> old = Map.of("ONEDNN_MAX_CPU_ISA", "AVX");
    assertThat(java(old, "--add-modules=jdk.incubator.vector"))
        .isEqualTo("vector-" + Lanes.F.vectorBitSize());
    assertThat(java(old)).isEqualTo("scalar");
    assertThat(java(old, "-Dpukara.kernels=onednn"))
        .contains("KernelsException")
        .contains("no AVX2")
        .contains("Without a choice of kernels");
  }

  /** Without bf16 instructions there is int8, whose attention then reads f32. */
  @ParameterizedTest
  @ValueSource(strings = {"AVX2", "AVX512_CORE_VNNI"})
  void int8NeedsNoBf16(String instructions) throws Exception {
    String reason = OneDnnTesting.whyNot();
    assumeTrue(reason == null, reason);
    Map<String, String> older = Map.of("ONEDNN_MAX_CPU_ISA", instructions);
    assertThat(java(older, "-Dpukara.kernels=onednn", "-Dprecisions")).isEqualTo("[INT8, F32]");
  }

  @Test
  void stopsWithTheCureWhenForcedKernelsCannotRun() throws Exception {
    assertThat(java("-Dpukara.kernels=vector"))
        .contains("KernelsException")
        .contains("start java with --add-modules jdk.incubator.vector");
  }

  /** Says which kernels {@link Kernels#best()} chose, or why none. */
  static final class Choice {
    private Choice() {}

    @SuppressWarnings("SystemOut")
    public static void main(String[] args) {
      try (Kernels kernels = Kernels.best()) {
        boolean precisions = System.getProperty("precisions") != null;
        System.out.print(precisions ? kernels.precisions() : kernels.name());
      } catch (KernelsException e) {
        System.out.print(e);
      }
    }
  }

  /** The output of {@link Choice} in a JVM of its own: modules are fixed when a JVM starts. */
  private static String java(String... options) throws IOException, InterruptedException {
    return java(Map.of(), options);
  }

  private static String java(Map<String, String> environment, String... options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Choice.class.getName());
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return output;
  }
}
