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

class TrainCommandTest {
  @Test
  void wantsTheVectorApiBeforeARunBegins(@TempDir Path folder) throws Exception {
    Path rows = folder.resolve("rows.jsonl");
    String row = "{\"id\":\"%d\",\"prompt\":\"a %d\",\"prompt_label\":\"safe\"}\n";
    Files.writeString(rows, String.format(row.repeat(2), 1, 1, 2, 2));
    Path run = folder.resolve("run");
    Result result =
        Cli.process(
            List.of(),
            "train",
            "--base",
            Cli.tinyModel(folder),
            "--data",
            rows.toString(),
            "--format",
            "llama-guard-3-1b",
            "--out",
            run.toString());
    assertThat(result.code()).as(result.err()).isEqualTo(ExitCodes.USAGE);
    assertThat(result.err()).contains("--add-modules jdk.incubator.vector").doesNotContain("\tat");
    assertThat(run).doesNotExist();
  }

  private static Result dryRun(Path folder, String recipe, String... options) throws IOException {
    Path rows = folder.resolve("rows.jsonl");
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      String label = i % 2 == 0 ? "\"safe\"" : "\"unsafe\",\"categories\":[\"B1\"]";
      lines.append("{\"prompt\":\"a " + i + "\",\"prompt_label\":" + label + "}\n");
    }
    Files.writeString(rows, lines);
    Path file = folder.resolve("recipe.yaml");
    Files.writeString(file, "format: llama-guard-2\n" + recipe);
    List<String> line = new ArrayList<>(List.of("train", "--dry-run", "--json", "--recipe"));
    line.addAll(List.of(file.toString(), "--data", rows.toString()));
    line.addAll(
        List.of("--base", Cli.tinyModel(folder), "--out", folder.resolve("run").toString()));
    line.addAll(List.of(options));
    return Cli.run(line.toArray(String[]::new));
  }

  @Test
  void optionsGoBeforeTheRecipe(@TempDir Path folder) throws Exception {
    Path bank = folder.resolve("bank.yaml");
    Files.writeString(
        bank, "id: bank\nversion: \"1\"\ntitle: Bank\ncategories: [{code: B1, name: Accounts}]\n");
    String recipe = "steps: 4321\nrows: {policies: {llama-guard-3: 1}}\n";
    Result policy = dryRun(folder, recipe, "--policy", bank.toString());
    assertThat(policy.code()).as(policy.err()).isZero();
    assertThat(policy.out()).contains("\"steps\":4321");
    Result epochs = dryRun(folder, recipe, "--policy", bank.toString(), "--epochs", "1");
    assertThat(epochs.out()).contains("\"steps\":").doesNotContain("4321");
    Result both =
        dryRun(folder, recipe, "--policy", bank.toString(), "--epochs", "1", "--steps", "7");
    assertThat(both.out()).contains("\"steps\":7");
  }
}
