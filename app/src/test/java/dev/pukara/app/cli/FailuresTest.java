package dev.pukara.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.app.cli.Cli.Result;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong outside of a command's own checks is one line and the right exit code too. */
class FailuresTest {
  @TempDir private static Path folder;

  private static Result run(InputStream in, OutputStream out, String... args) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code = Pukara.run(in, out, err, args);
    return new Result(code, "", err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void errorsOfTheJvmAreNoVerdict() {
    InputStream in =
        new InputStream() {
          @Override
          public int read() {
            throw new NoClassDefFoundError("dev/pukara/Missing");
          }
        };
    Result result = run(in, OutputStream.nullOutputStream(), "prompt", "--format", "chatml", "-");
    assertThat(result.code()).isEqualTo(ExitCodes.INTERNAL);
    assertThat(result.err()).startsWith("pukara: internal error").hasLineCount(1);
  }

  @Test
  void whatAFutureFailedWithIsTold() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Throwable failure = new CompletionException(new UserException("give at least one character"));
    int code = Failures.report(failure, new PrintStream(err, true, StandardCharsets.UTF_8), false);
    assertThat(code).isEqualTo(ExitCodes.USAGE);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .isEqualTo("pukara: give at least one character" + System.lineSeparator());
  }

  /** Standard output that fails. */
  private static OutputStream failing(String problem) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw new IOException(problem);
      }
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"policy list", "policy --help"})
  void resultsThatCannotBeWrittenAreTold(String line) {
    String[] args = line.split(" ");
    Result full = run(InputStream.nullInputStream(), failing("No space left on device"), args);
    assertThat(full.code()).isEqualTo(ExitCodes.INTERNAL);
    assertThat(full.err())
        .startsWith("pukara: standard output: No space left on device")
        .hasLineCount(1);
    // As head does it.
    Result closed = run(InputStream.nullInputStream(), failing("Broken pipe"), args);
    assertThat(closed.code()).isZero();
    assertThat(closed.err()).isEmpty();
  }

  @Test
  void damagedRowsAreABadFile() throws IOException {
    Path rows = folder.resolve("rows.jsonl.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(rows))) {
      String row = "{\"prompt\":\"a\",\"prompt_label\":\"safe\"}\n";
      out.write(row.getBytes(StandardCharsets.UTF_8));
    }
    byte[] whole = Files.readAllBytes(rows);
    Files.write(rows, Arrays.copyOf(whole, whole.length - 9));
    String model = Cli.tinyModel(folder);
    for (List<String> command :
        List.of(
            List.of("check", "--jsonl", rows.toString(), "--out", folder.resolve("o").toString()),
            List.of("calibrate", "--data", rows.toString(), "--out", folder + "/p.yaml"))) {
      String options = " --format llama-guard-3-1b --model " + model;
      String[] args = (String.join(" ", command) + options).split(" ");
      Result result = Cli.run(args);
      assertThat(result.code()).as(result.err()).isEqualTo(ExitCodes.USAGE);
      assertThat(result.err()).contains("rows.jsonl.gz:1: ", "damaged").hasLineCount(1);
    }
  }
}
