package dev.pukara.app.cli;

import dev.pukara.guard.Guard;
import dev.pukara.rows.RowLine;
import dev.pukara.rows.Rows;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What an earlier run left in an output file.
 *
 * @param file the output
 * @param lines whole lines in it
 * @param bytes of these lines; a line that was not written to its end may stand behind them
 * @param last the last whole line; the beginning of the broken one if there is none
 */
record BatchResume(Path file, long lines, long bytes, String last) {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int BUFFER_BYTES = 1 << 16;

  /** Every line of verdict begins so. */
  private static final String BEGINNING = "{\"id\":";

  /** Reads the file, changes nothing. */
  static BatchResume of(Path file, FileChannel channel) throws IOException {
    long lines = 0;
    long start = 0;
    long end = 0;
    channel.position(0);
    InputStream in = new BufferedInputStream(Channels.newInputStream(channel), BUFFER_BYTES);
    int next;
    for (long at = 1; (next = in.read()) >= 0; at++) {
      if (next == '\n') {
        lines++;
        start = end;
        end = at;
      }
    }
    long told = lines == 0 ? Math.min(channel.size(), BEGINNING.length()) : end - start;
    ByteBuffer last = ByteBuffer.allocate(Math.toIntExact(told));
    channel.position(start);
    while (last.hasRemaining() && channel.read(last) >= 0) {
      // a read may give less than all
    }
    return new BatchResume(file, lines, end, new String(last.array(), StandardCharsets.UTF_8));
  }

  /**
   * Makes sure that the lines are verdicts of this guard on the first rows of this input, and were
   * made with the same options.
   *
   * @return rows that are done
   */
  long check(Guard guard, Path in, BatchOrigin origin) throws IOException {
    if (lines == 0) {
      if (!BEGINNING.startsWith(last)) {
        throw new UserException(file + ": holds no verdicts; choose another --out");
      }
      return 0;
    }
    JsonNode verdict;
    try {
      verdict = JSON.readTree(last);
    } catch (JacksonException e) {
      throw new UserException(file + ":" + lines + ": not a verdict; choose another --out", e);
    }
    same("policy", digest(verdict, "policy"), guard.policy().digest());
    same("prompt format", digest(verdict, "format"), guard.format().digest());
    same("model", digest(verdict, "model"), guard.modelDigest());
    origin.compare(this::same);
    try (Stream<RowLine> rows = Rows.lines(in)) {
      String id = rows.skip(lines - 1).findFirst().map(RowLine::id).orElse("the end of the file");
      same("row", verdict.path("id").asString(""), id);
    }
    return lines;
  }

  private static String digest(JsonNode verdict, String field) {
    return verdict.path(field).path("digest").asString("");
  }

  private void same(String what, String written, String now) {
    if (!written.equals(now)) {
      throw new UserException(
          file
              + ":"
              + lines
              + ": made with another "
              + what
              + " ("
              + (written.isEmpty() ? "none" : written)
              + ", now "
              + now
              + "); delete the file or choose another --out");
    }
  }
}
