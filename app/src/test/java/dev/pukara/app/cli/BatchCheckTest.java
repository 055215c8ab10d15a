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
  private static List<String> args = List.of();

  @BeforeAll
  static void makeInput() throws IOException {
    Path in = folder.resolve("in.jsonl");
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < ROWS; i++) {
      lines.append("{\"id\":\"r").append(i).append("\",\"prompt\":\"message ").append(i);
      lines.append("\"}\n");
    }
    Files.writeString(in, lines);
    args =
        List.of(
            "check",
            "--jsonl",
            in.toString(),
            "--model",
            Cli.tinyModel(folder),
            "--format",
            "llama-guard-3-1b",
            "--defences",
            "none",
            "--categories",
            "never",
            "--out");
  }

  private static Result check(Path out) {
    List<String> all = new ArrayList<>(args);
    all.add(out.toString());
    return Cli.run(all.toArray(String[]::new));
  }

  /** Id and score of every line. */
  private static List<String> verdicts(Path out) throws IOException {
    List<String> verdicts = new ArrayList<>();
    for (String line : Files.readAllLines(out)) {
      JsonNode verdict = JSON.readTree(line);
      verdicts.add(verdict.get("id").asString() + " " + verdict.get("score").asDouble());
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
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            "dev.pukara.app.Main"));
    command.addAll(args);
    command.add(out.toString());
    Process process =
        new ProcessBuilder(command)
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
    assertThat(check(out).code()).isZero();
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
  void badLineIsToldBeforeAnyWork() throws IOException {
    Path in = folder.resolve("bad.jsonl");
    Files.writeString(in, "{\"prompt\":\"a\"}\nnot json\n");
    Path out = folder.resolve("bad-out.jsonl");
    List<String> all = new ArrayList<>(args);
    all.set(2, in.toString());
    all.add(out.toString());
    Result result = Cli.run(all.toArray(String[]::new));
    assertThat(result.code()).isEqualTo(ExitCodes.USAGE);
    assertThat(result.err()).contains("bad.jsonl:2");
    assertThat(out).doesNotExist();
  }
}
