package dev.pukara.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.app.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of rows that a server judges. */
class RemoteBatchTest {
  @TempDir private Path folder;
  private OddsServer server;

  /** Which prompts fail. */
  private volatile Predicate<String> down = prompt -> false;

  @BeforeEach
  void start() throws IOException {
    server = new OddsServer(-0.2, -1.6, (asked, token) -> down.test(asked) ? 503 : 200);
    Files.writeString(
        folder.resolve("in.jsonl"),
        """
        {"id":"a","prompt":"bread"}
        {"id":"b","prompt":"butter"}
        {"id":"c","prompt":"cheese"}
        """);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Result check() {
    String command =
        "check --remote %s --remote-model llama-guard-3-1b --categories never"
            + " --jsonl %s/in.jsonl --out %s/out.jsonl";
    return Cli.run(String.format(command, server.url(), folder, folder).split(" "));
  }

  private List<String> verdicts() throws IOException {
    return Files.readAllLines(folder.resolve("out.jsonl")).stream()
        .map(line -> line.replaceFirst("(\"verdict\":\"\\w+\").*", "$1}"))
        .toList();
  }

  @Test
  void serverThatIsDownUsesUpNoRows() throws IOException {
    down = prompt -> !prompt.contains("bread");
    Result result = check();
    assertThat(result.code()).as(result.err()).isEqualTo(ExitCodes.INTERNAL);
    assertThat(result.err()).contains("in.jsonl:2: ", "HTTP 503", "the same command");
    assertThat(verdicts()).containsExactly("{\"id\":\"a\",\"verdict\":\"safe\"}");

    down = prompt -> false;
    assertThat(check().code()).isZero();
    assertThat(verdicts()).hasSize(3).allMatch(line -> line.endsWith("\"safe\"}"));
  }

  /** A row on which the server fails costs only itself. */
  @Test
  void rowThatTheServerCannotAnswerIsUnreadable() throws IOException {
    down = prompt -> prompt.contains("butter");
    assertThat(check().code()).isEqualTo(ExitCodes.UNREADABLE);
    assertThat(verdicts()).hasSize(3).contains("{\"id\":\"b\",\"verdict\":\"unreadable\"}");
  }
}
