package dev.pukara.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.app.cli.Cli.Result;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands in the output already is gone on with only if this very run made it. */
class BatchResumeTest {
  private static final String ROWS =
      "{\"prompt\":\"bread\"}\n{\"prompt\":\"butter\"}\n{\"prompt\":\"cheese\"}\n";

  @TempDir private Path folder;
  private Path in = Path.of("");
  private Path out = Path.of("");
  private String model = "";

  @BeforeEach
  void makeInput() throws IOException {
    in = folder.resolve("in.jsonl");
    out = folder.resolve("out.jsonl");
    model = Cli.tinyModel(folder);
    Files.writeString(in, ROWS);
  }

  private Result check(Path rows, Path to, String... more) {
    List<String> args =
        new ArrayList<>(List.of("check", "--jsonl", rows.toString(), "--out", to.toString()));
    args.addAll(List.of("--model", model, "--format", "llama-guard-3-1b", "--fail-open"));
    args.addAll(List.of(more));
    return Cli.run(args.toArray(String[]::new));
  }

  private void refused(Result result, String... why) {
    assertThat(result.code()).as(result.err()).isEqualTo(ExitCodes.USAGE);
    assertThat(result.err()).contains(why);
  }

  /** A run that was killed behind its first line. */
  private void interrupted() throws IOException {
    check(in, out);
    Files.write(out, Files.readAllLines(out).subList(0, 1));
  }

  @Test
  void inputIsNoOutput() throws IOException {
    Files.writeString(in, ROWS.strip());
    refused(check(in, in), "in.jsonl", "--out");
    Path link = Files.createSymbolicLink(folder.resolve("link"), in);
    refused(check(in, link), "--out");
    assertThat(in).hasContent(ROWS.strip());
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"notes\": 1}", "notes", "notes\nmore", "{}\n{\"id\":\"1\""})
  void otherFilesStayAsTheyAre(String text) throws IOException {
    Files.writeString(out, text);
    refused(check(in, out), "out.jsonl", "--out");
    assertThat(Files.readString(out)).isEqualTo(text);
  }

  /** What made the output is kept beside it, and the place may be taken. */
  @Test
  void filesBesideTheOutputStayAsTheyAre() throws IOException {
    Path beside = folder.resolve("out.jsonl.run");
    Files.writeString(beside, ROWS);
    refused(check(beside, out), "out.jsonl.run: this is the input", "--out");
    for (String text : List.of(ROWS, "", "notes", "{\"notes\":1}", "\u00ff")) {
      Files.writeString(beside, text, StandardCharsets.ISO_8859_1);
      refused(check(in, out), "out.jsonl.run: this is another file", "--out");
      assertThat(beside).usingCharset(StandardCharsets.ISO_8859_1).hasContent(text);
    }
    Files.delete(beside);
    assertThat(check(in, out).code()).isZero();
    assertThat(check(in, out).code()).isZero();
  }

  @Test
  void firstLineMayBeBroken() throws IOException {
    for (String broken : List.of("", "{\"i", "{\"id\":\"1\",\"verdict\":")) {
      Files.writeString(out, broken);
      assertThat(check(in, out).code()).isZero();
      assertThat(out).content().hasLineCount(3);
      Files.delete(out);
    }
  }

  @Test
  void wantsRegularFiles() throws IOException {
    refused(check(in, folder), "not a regular file", "--out");
    refused(check(folder, out), "not a regular file", "--jsonl");
    assertThat(out).doesNotExist();
  }

  /** Rows without ids: only their texts differ. */
  @Test
  void otherInputIsRefused() throws IOException {
    interrupted();
    Files.writeString(in, ROWS.replace("bread", "wine"));
    refused(check(in, out), "made with another input", "--out");
    assertThat(out).content().hasLineCount(1);
    Files.writeString(in, ROWS);
    assertThat(check(in, out).code()).isZero();
    assertThat(out).content().hasLineCount(3);
    Files.writeString(in, ROWS.replace("bread", "wine"));
    refused(check(in, out), "made with another input");
  }

  @Test
  void inputMayHaveGrown() throws IOException {
    check(in, out);
    Files.writeString(in, ROWS + "{\"prompt\":\"wine\"}\n");
    assertThat(check(in, out).code()).isZero();
    assertThat(out).content().hasLineCount(4);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--threshold 0.9",
        "--precision F32",
        "--defences leet",
        "--every-turn",
        "--window 128",
        "--categories never"
      })
  void otherOptionsAreRefused(String options) throws IOException {
    interrupted();
    String name = options.split(" ")[0];
    refused(check(in, out, options.split(" ")), "made with another " + name, "--out");
    assertThat(out).content().hasLineCount(1);
  }

  /** As runs left it that kept nothing beside it. */
  @Test
  void outputWithoutItsRunIsGoneOnWith() throws IOException {
    interrupted();
    Files.delete(folder.resolve("out.jsonl.run"));
    assertThat(check(in, out, "--threshold", "0.9").code()).isZero();
    assertThat(out).content().hasLineCount(3);
  }

  @Test
  void twoRunsAtOnceAreRefused() throws IOException {
    try (FileChannel other =
        FileChannel.open(out, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      other.lock();
      refused(check(in, out), "another run");
    }
    assertThat(out).isEmptyFile();
  }
}
