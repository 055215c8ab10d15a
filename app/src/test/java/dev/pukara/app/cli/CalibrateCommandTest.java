package dev.pukara.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.app.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CalibrateCommandTest {
  @TempDir private Path folder;

  private static Result run(String model, String command, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                command, "--model", model, "--format", "llama-guard-3-1b", "--defences", "none"));
    args.addAll(List.of(more));
    return Cli.run(args.toArray(String[]::new));
  }

  @Test
  void numbersHoldForOneModel() throws IOException {
    String model = Cli.tinyModel(folder);
    Path policy = folder.resolve("mine.yaml");
    Files.writeString(
        policy,
        """
        # mine
        id: mine
        version: 1
        title: Mine
        categories: # two
          - {code: C1, name: A}
          - {code: C2, name: B}
        """);
    Path rows = folder.resolve("rows.jsonl");
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      lines.append("{\"prompt\":\"text ").append(i).append("\",\"prompt_label\":\"");
      lines.append(i % 2 == 0 ? "safe\"}\n" : "unsafe\",\"categories\":[\"C1\"]}\n");
    }
    Files.writeString(rows, lines);
    Path out = folder.resolve("fitted.yaml");
    Result fitted =
        run(
            model,
            "calibrate",
            "--policy",
            policy.toString(),
            "--data",
            rows.toString(),
            "--target-fpr",
            "0.1",
            "--per-category",
            "--out",
            out.toString());
    assertThat(fitted.code()).as(fitted.err()).isZero();
    assertThat(fitted.out())
        .contains("20 safe and 20 unsafe messages", "ECE", "threshold", "C1: 20 rows")
        .contains("too few rows for a threshold of their own: C2");
    assertThat(Files.readString(out)).startsWith("# mine\n").contains("# two", "calibration:\n");

    assertThat(run(model, "check", "--policy", out.toString(), "--json", "Hi").out())
        .contains("\"score\"");
    Path other = folder.resolve("other.gguf");
    Cli.run("model", "quantize", model, other.toString(), "--type", "Q4_0");
    Result refused = run(other.toString(), "check", "--policy", out.toString(), "Hi");
    assertThat(refused.code()).isEqualTo(ExitCodes.USAGE);
    assertThat(refused.err()).contains("calibrated for another model");

    // Again, over itself: one block, not two.
    Result again =
        run(
            model,
            "calibrate",
            "--policy",
            out.toString(),
            "--data",
            rows.toString(),
            "--out",
            out.toString());
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(Files.readString(out).split("calibration:", -1)).hasSize(2);
    assertThat(again.out()).contains("20 safe and 20 unsafe");
  }
}
