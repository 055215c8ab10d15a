package dev.pukara.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.app.cli.Cli.Result;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Files of rows: in order, and nothing lost or doubled when a run is killed. */
class BatchCheckTest {
  private static final int ROWS = 150;
  private static final JsonMapper JSON = new JsonMapper();

  @TempDir private static Path folder;
  private static Path in = Path.of("");
  private static Path model = Path.of("");

  @BeforeAll
  static void makeInput() throws IOException {
    in = folder.resolve("in.jsonl");
    model = Path.of(Cli.tinyModel(folder));
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < ROWS; i++) {
      lines.append("{\"id\":\"r").append(i).append("\",\"prompt\":\"message ").append(i);
      lines.append("\"}\n");
    }
    Files.writeString(in, lines);
  }

  private static List<String> args(Path rows, Path guard, String format, Path out) {
    return List.of(
        "check",
        "--jsonl",
        rows.toString(),
        "--model",
        guard.toString(),
        "--format",
        format,
        "--defences",
        "none",
        "--categories",
        "never",
        "--fail-open",
        "--out",
        out.toString());
  }

  private static Result check(Path rows, Path guard, String format, Path out) {
    return Cli.run(args(rows, guard, format, out).toArray(String[]::new));
  }

  private static Result check(Path out) {
    return check(in, model, "llama-guard-3-1b", out);
  }

  /** Id and score of every line. */
  private static List<String> verdicts(Path out) throws IOException {
    List<String> verdicts = new ArrayList<>();
    for (String line : Files.readAllLines(out)) {
      JsonNode verdict = JSON.readTree(line);
      verdicts.add(verdict.get("id").asString() + " " + verdict.path("score").asDouble(Double.NaN));
    }
    return verdicts;
  }

  private static List<String> ids(Path out) throws IOException {
    return verdicts(out).stream().map(line -> line.substring(0, line.indexOf(' '))).toList();
  }

  private static List<String> allIds() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      ids.add("r" + i);
    }
    return ids;
  }

  @Test
  void killedRunGoesOnWhereItEnded() throws IOException, InterruptedException {
    Path out = folder.resolve("killed.jsonl");
    String[] command = args(in, model, "llama-guard-3-1b", out).toArray(String[]::new);
    Process process =
        Cli.builder(List.of(), command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    while (process.isAlive() && (!Files.exists(out) || Files.size(out) == 0)) {
      Thread.sleep(1);
    }
    process.destroyForcibly();
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    // At worst a kill leaves half a line.
    Files.writeString(out, Files.readString(out) + "{\"id\":\"r", StandardCharsets.UTF_8);

    Result resumed = check(out);
    assertThat(resumed.code()).as(resumed.err()).isZero();
    assertThat(resumed.err()).contains("done already").contains("/s");
    assertThat(ids(out)).isEqualTo(allIds());
  }

  @Test
  void finishedRunChangesNothing() throws IOException {
    Path out = folder.resolve("twice.jsonl");
    assertThat(check(out).err())
        .containsPattern("tokens read in this run, [1-9]\\d % of them from the cache");
    List<String> first = Files.readAllLines(out);
    assertThat(check(out).code()).isZero();
    assertThat(Files.readAllLines(out)).isEqualTo(first);
    assertThat(ids(out)).isEqualTo(allIds());
  }

  @Test
  void otherGuardIsRefused() throws IOException {
    Path out = folder.resolve("other.jsonl");
    Files.writeString(
        out, "{\"id\":\"r0\",\"policy\":{\"digest\":\"0\"},\"format\":{},\"model\":{}}\n");
    Result result = check(out);
    assertThat(result.code()).isEqualTo(ExitCodes.USAGE);
    assertThat(result.err()).contains("made with another policy").contains("--out");
  }

  @Test
  void rowsWithHalfACharacterHaveALine() throws IOException {
    Path halves = folder.resolve("halves.jsonl");
    Files.writeString(
        halves,
        """
        {"id":"\\ud83d","prompt":"a"}
        {"id":"b","turns":[{"role":"\\ude00","content":"b"}]}
        {"id":"ä😀","prompt":"c"}
        """);
    Path out = folder.resolve("halves-out.jsonl");
    Result result = check(halves, model, "llama-guard-3-1b", out);
    assertThat(result.err()).contains("1 without a verdict");
    assertThat(ids(out)).containsExactly("\ud83d", "b", "ä😀");
    assertThat(Files.readString(out)).contains("{\"id\":\"ä😀\"", "{\"id\":\"\\ud83d\"");

    Files.write(out, Files.readAllLines(out).subList(0, 1));
    check(halves, model, "llama-guard-3-1b", out);
    assertThat(ids(out)).hasSize(3);
  }

  /** A row without a verdict costs neither the rows around it nor its own line. */
  @Test
  void rowsThatCannotBeReadHaveAnErrorAndBlock() throws IOException {
    Path bad = folder.resolve("bad.jsonl");
    Files.writeString(
        bad,
        """
        not json
        {"id":"a","prompt":"a"}

        {"id":"b","turns":[{"role":"wizard","content":"secret"}]}
        {"id":"c","prompt":"c"}
        [1]
        """);
    Path out = folder.resolve("bad-out.jsonl");
    Result result = check(bad, model, "llama-guard-3-1b", out);
    assertThat(result.code()).as(result.err()).isEqualTo(ExitCodes.UNREADABLE);
    assertThat(result.err())
        .contains("bad.jsonl:1: not JSON", "3 rows cannot be read", "3 without a verdict");

    List<String> written = Files.readAllLines(out);
    List<JsonNode> lines = written.stream().map(JSON::readTree).toList();
    assertThat(ids(out)).containsExactly("1", "a", "b", "c", "6");
    for (int broken : new int[] {0, 2, 4}) {
      assertThat(lines.get(broken).get("verdict").asString()).isEqualTo("unreadable");
      assertThat(lines.get(broken).get("action").asString()).isEqualTo("block");
    }
    assertThat(lines.get(0).get("error").asString()).contains("bad.jsonl:1: not JSON");
    assertThat(lines.get(2).get("error").asString())
        .contains("bad.jsonl:4: field 'turns[0].role' is 'wizard'")
        .doesNotContain("secret");
    assertThat(lines.get(1).has("error") || lines.get(3).has("error")).isFalse();

    // Goes on behind a line with an error as behind any other.
    for (int kept = 0; kept <= written.size(); kept++) {
      Files.write(out, written.subList(0, kept));
      assertThat(check(bad, model, "llama-guard-3-1b", out).code()).isEqualTo(ExitCodes.UNREADABLE);
      assertThat(ids(out)).containsExactly("1", "a", "b", "c", "6");
    }
  }

  /** A template that raises an error of its own. */
  @Test
  void rowsThatTheGuardRefusesHaveAnErrorAndBlock() throws IOException {
    Path templated = folder.resolve("templated");
    Cli.run("model", "convert", model.toString(), templated.toString());
    Files.writeString(
        templated.resolve("tokenizer_config.json"),
        """
        {"chat_template":"{% for message in messages %}\
        {% if loop.index0 > 1 %}{{ raise_exception('two turns only') }}{% endif %}\
        {{ message['role'] + ': ' + message['content'] + ' ' }}{% endfor %}Safe?"}
        """);
    Path turns = folder.resolve("turns.jsonl");
    String user = "{\"role\":\"user\",\"content\":\"secret\"}";
    String agent = user.replace("user", "assistant");
    Files.writeString(
        turns,
        "{\"id\":\"a\",\"prompt\":\"a\"}\n{\"id\":\"b\",\"turns\":["
            + String.join(",", user, agent, user)
            + "]}\n{\"id\":\"c\",\"prompt\":\"c\"}\n");
    Path out = folder.resolve("turns-out.jsonl");
    Result result = check(turns, templated, "template", out);
    assertThat(result.code()).as(result.err()).isEqualTo(ExitCodes.UNREADABLE);
    assertThat(result.err()).contains("1 without a verdict");
    assertThat(ids(out)).containsExactly("a", "b", "c");
    JsonNode refused = JSON.readTree(Files.readAllLines(out).get(1));
    assertThat(refused.get("verdict").asString()).isEqualTo("unreadable");
    assertThat(refused.get("action").asString()).isEqualTo("block");
    assertThat(refused.get("error").asString())
        .contains("turns.jsonl:2: ", "two turns only")
        .doesNotContain("secret");
  }
}
