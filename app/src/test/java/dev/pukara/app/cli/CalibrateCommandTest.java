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

  private Path policy() throws IOException {
    return Files.writeString(
        folder.resolve("mine.yaml"),
        """
        # mine
        id: mine
        version: 1
        title: Mine
        categories: # two
          - {code: C1, name: A}
          - {code: C2, name: B}
        """);
  }

  @Test
  void numbersHoldForOneModel() throws IOException {
    String model = Cli.tinyModel(folder);
    Path policy = policy();
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

  private String refusal(String rows, String... more) throws IOException {
    Path file = Files.writeString(folder.resolve("some.jsonl"), rows);
    Path out = folder.resolve("none.yaml");
    List<String> args =
        new ArrayList<>(
            List.of("--policy", policy().toString(), "--data", file.toString(), "--out"));
    args.add(out.toString());
    args.addAll(List.of(more));
    Result result = run(Cli.tinyModel(folder), "calibrate", args.toArray(String[]::new));
    assertThat(result.code()).isEqualTo(ExitCodes.USAGE);
    assertThat(out).doesNotExist();
    return result.err();
  }

  @Test
  void rowsThatDoNotFitAreToldBeforeAnyIsScored() throws IOException {
    String safe = "{\"prompt\":\"a\",\"prompt_label\":\"safe\"}\n";
    String unsafe = "{\"prompt\":\"b\",\"prompt_label\":\"unsafe\"}\n";
    String theft = unsafe.replace("}", ",\"categories\":[\"theft\",\"C1\"]}");
    String arson = unsafe.replace("}", ",\"categories\":[\"arson\"]}");
    assertThat(refusal(safe + theft + arson + theft + theft + theft))
        .contains("some.jsonl: categories 'theft' (line 2, line 4, line 5 and 1 more)")
        .contains("'arson' (line 3) are no codes of policy mine, which has [C1, C2]")
        .contains("the label alone is enough for the global threshold");
    assertThat(refusal(safe + safe))
        .contains("some.jsonl: all 2 messages are safe")
        .contains("prompt_label or response_label is unsafe");
    assertThat(refusal(unsafe)).contains("all 1 messages are unsafe").contains("is safe");
    assertThat(refusal(safe + unsafe, "--per-category"))
        .contains("some.jsonl: --per-category, but no unsafe row says")
        .contains("leave --per-category out");
    assertThat(refusal("{\"prompt\":\"a\"}\n")).contains("label some rows");
  }
}
