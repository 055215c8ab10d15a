package dev.pukara.app.cli;

import dev.pukara.guard.Guard;
import dev.pukara.rows.RowLine;
import dev.pukara.rows.Rows;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What an earlier run left in an output file.
 *
 * @param file the output
 * @param lines whole lines in it
 * @param last the last of them; empty if there is none
 */
record BatchResume(Path file, long lines, String last) {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int BUFFER_BYTES = 1 << 16;

  /** Cuts off a line that was not written to its end. */
  static BatchResume of(Path file) throws IOException {
    if (!Files.exists(file)) {
      return new BatchResume(file, 0, "");
    }
    long lines = 0;
    long start = 0;
    long end = 0;
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES)) {
      int next;
      for (long at = 1; (next = in.read()) >= 0; at++) {
        if (next == '\n') {
          lines++;
          start = end;
          end = at;
        }
      }
    }
    ByteBuffer last = ByteBuffer.allocate(Math.toIntExact(end - start));
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      channel.truncate(end);
      channel.position(start);
      while (last.hasRemaining() && channel.read(last) >= 0) {
        // a read may give less than all
      }
    }
    return new BatchResume(file, lines, new String(last.array(), StandardCharsets.UTF_8));
  }

  /**
   * Makes sure that the lines are verdicts of this guard on the first rows of this input.
   *
   * @return rows that are done
   */
  long check(Guard guard, Path in) throws IOException {
    if (lines == 0) {
      return 0;
    }
    JsonNode verdict;
    try {
      verdict = JSON.readTree(last);
    } catch (JacksonException e) {
      throw new UserException(file + ":" + lines + ": not a verdict; delete the file", e);
    }
    same("policy", verdict.path("policy").path("digest"), guard.policy().digest());
    same("prompt format", verdict.path("format").path("digest"), guard.format().digest());
    same("model", verdict.path("model").path("digest"), guard.modelDigest());
    try (Stream<RowLine> rows = Rows.lines(in)) {
      String id = rows.skip(lines - 1).findFirst().map(RowLine::id).orElse("the end of the file");
      same("row", verdict.path("id"), id);
    }
    return lines;
  }

  private void same(String what, JsonNode written, String now) {
    if (!written.asString("").equals(now)) {
      throw new UserException(
          file
              + ":"
              + lines
              + ": made with another "
              + what
              + " ("
              + written.asString("none")
              + ", now "
              + now
              + "); delete the file or choose another --out");
    }
  }
}
