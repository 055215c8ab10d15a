package dev.pukara.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.app.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyCommandTest {
  private static final String HEAD = "id: p\nversion: 1\ntitle: P\ncategories:\n";

  @TempDir private Path folder;

  private String file(String name, String yaml) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, yaml);
    return file.toString();
  }

  @Test
  void listAndShow() {
    assertThat(Cli.run("policy", "list").out().lines()).hasSize(4);
    assertThat(Cli.run("policy", "show", "openai-moderation").out()).contains("self-harm/intent");
    assertThat(Cli.run("policy", "show", "llama-guard-3", "--digest").out().strip()).hasSize(64);
  }

  @Test
  void initWritesAPolicyThatLintLikes() {
    String file = folder.resolve("mine.yaml").toString();
    assertThat(Cli.run("policy", "init", file).code()).isZero();
    Result lint = Cli.run("policy", "lint", file);
    assertThat(lint.out()).isEmpty();
    assertThat(lint.code()).isZero();
    assertThat(Cli.run("policy", "init", file).err()).contains("is there already");
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-guard-1", "llama-guard-2", "llama-guard-3", "openai-moderation"})
  void builtInPoliciesAreClean(String id) {
    assertThat(Cli.run("policy", "lint", id).out()).isEmpty();
  }

  @Test
  void lintTellsWhatIsOdd() throws IOException {
    Result lint =
        Cli.run(
            "policy",
            "lint",
            file(
                "odd.yaml",
                HEAD
                    + """
                      - {code: A B, name: Hate.}
                      - {code: C2, name: hate, description: d, examples: {unsafe: [x], safe: [x]}}
                    """));
    assertThat(lint.code()).isEqualTo(1);
    assertThat(lint.out())
        .contains("A B: a code with a blank")
        .contains("full stop")
        .contains("no description")
        .contains("overlaps")
        .contains("both safe and unsafe");
  }

  @Test
  void lintMeasuresThePrompt() throws IOException {
    Result lint =
        Cli.run(
            "policy",
            "lint",
            file(
                "p.yaml",
                "format: llama-guard-3-1b\n" + HEAD + "  - {code: C1, name: A, description: b}\n"),
            "--model",
            Cli.tinyModel(folder),
            "--max-tokens",
            "10");
    assertThat(lint.err()).contains("tokens without the message");
    assertThat(lint.out()).contains("more than 10");
  }

  @Test
  void diff() throws IOException {
    String one = file("one.yaml", HEAD + "  - {code: C1, name: A}\n  - {code: C2, name: B}\n");
    String two =
        file(
            "two.yaml",
            "# other layout\n" + HEAD + "  - code: C2\n    name: B\n    action: flag\n");
    Result diff = Cli.run("policy", "diff", one, two);
    assertThat(diff.code()).isEqualTo(1);
    assertThat(diff.out().lines())
        .containsExactly("- C1: A", "- C2.action: BLOCK", "+ C2.action: FLAG");
    assertThat(Cli.run("policy", "diff", one, one).code()).isZero();
  }

  @Test
  void diffOfExamples() throws IOException {
    String start = HEAD + "  - {code: C1, name: A, examples: {unsafe: [";
    String one = file("one.yaml", start + "x, y], safe: [z]}}\n");
    String two = file("two.yaml", start + "{user: x, agent: w}, y], safe: [z]}}\n");
    assertThat(Cli.run("policy", "diff", one, two).out().lines())
        .containsExactly("- C1.example: unsafe [C1]: x", "+ C1.example: unsafe [C1]: x -> w");
    String turned = file("three.yaml", start + "y, x], safe: [z]}}\n");
    assertThat(Cli.run("policy", "diff", one, turned).out().lines())
        .containsExactly(
            "- C1.examples: unsafe [C1]: x; unsafe [C1]: y; safe: z",
            "+ C1.examples: unsafe [C1]: y; unsafe [C1]: x; safe: z");
  }

  @Test
  void diffOfOverridesAndCalibration() throws IOException {
    String plain = HEAD + "  - {code: C1, name: A}\n  - {code: C2, name: B}\n";
    String one =
        file(
            "one.yaml",
            plain
                + """
                families:
                  llama-guard-2: {describe: false, exclude: [C2]}
                  llama-guard-1: {names: {C1: Aa}}
                """);
    String two =
        file(
            "two.yaml",
            plain
                + """
                families:
                  llama-guard-2: {describe: true, exclude: [C2]}
                calibration:
                  model: m
                  format: f
                  prompt: p
                  temperature: 2
                  category_temperature: 1
                  threshold: 0.7
                  categories: {C1: 0.4}
                """);
    assertThat(Cli.run("policy", "diff", one, two).out().lines())
        .containsExactly(
            "- families.llama-guard-1.names.C1: Aa",
            "- families.llama-guard-2.describe: false",
            "+ families.llama-guard-2.describe: true",
            "+ calibration.model: m",
            "+ calibration.format: f",
            "+ calibration.prompt: p",
            "+ calibration.temperature: 2.0",
            "+ calibration.category_temperature: 1.0",
            "+ calibration.threshold: 0.7",
            "+ calibration.categories.C1: 0.4");
  }

  @Test
  void examplesAreTests() throws IOException {
    String policy =
        file(
            "p.yaml",
            HEAD + "  - {code: C1, name: A, examples: {unsafe: [Acme], safe: [Hello, Bye]}}\n");
    String model = Cli.tinyModel(folder);
    Result test =
        Cli.run(
            "policy",
            "test",
            policy,
            "--model",
            model,
            "--format",
            "llama-guard-3-1b",
            "--threshold",
            "0");
    assertThat(test.code()).isEqualTo(1);
    assertThat(test.out())
        .contains("expected safe, got unsafe")
        .contains("1 of 3 examples as the policy says");
    Result two = Cli.run("policy", "test", policy, "--policy", "llama-guard-3", "--model", model);
    assertThat(two.code()).isEqualTo(2);
    assertThat(two.err()).contains("two policies").contains("llama-guard-3");
  }
}
