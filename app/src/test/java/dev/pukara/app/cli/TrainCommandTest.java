package dev.pukara.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.app.cli.Cli.Result;
import java.nio.file.Files;
import java.nio.file.Path;
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
}
