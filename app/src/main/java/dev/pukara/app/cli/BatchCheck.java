package dev.pukara.app.cli;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.Guard;
import dev.pukara.guard.Verdict;
import dev.pukara.rows.Row;
import dev.pukara.rows.Rows;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Judges a file of rows: one line of verdict for each row, in order. A line is written whole and
 * only when its verdict is there, so a run that was killed leaves a prefix of the result, at worst
 * with a broken last line; the same command cuts that off and goes on behind it.
 */
final class BatchCheck {
  private final Guard guard;
  private final Path in;
  private final Path out;
  private final PrintStream err;

  BatchCheck(Guard guard, Path in, Path out, PrintStream err) {
    this.guard = guard;
    this.in = in;
    this.out = out;
    this.err = err;
  }

  void run() throws IOException {
    long total;
    try (Stream<Row> rows = Rows.read(in)) {
      total = rows.count(); // a line that is not a row is told before any work
    }
    long done = BatchResume.of(out).check(guard, in);
    try (Stream<Row> rows = Rows.read(in);
        BufferedWriter lines =
            Files.newBufferedWriter(
                out,
                StandardCharsets.UTF_8,
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND)) {
      write(rows.skip(done).iterator(), lines, total, done);
    }
  }

  private void write(Iterator<Row> rows, BufferedWriter lines, long total, long before)
      throws IOException {
    ProgressBar progress = new ProgressBar(err);
    progress.start(in.getFileName().toString(), Math.toIntExact(before), Math.toIntExact(total));
    Deque<String> ids = new ArrayDeque<>();
    Iterator<Conversation> conversations =
        StreamSupport.stream(Spliterators.spliteratorUnknownSize(rows, 0), false)
            .map(
                row -> {
                  ids.add(row.id());
                  return row.conversation();
                })
            .iterator();
    Iterator<Verdict> verdicts = guard.checkEach(conversations);
    int done = Math.toIntExact(before);
    while (verdicts.hasNext()) {
      Verdict verdict = verdicts.next();
      lines.write(Verdicts.json(guard, verdict, ids.remove()));
      lines.write('\n');
      lines.flush();
      progress.advance(++done);
    }
    progress.end();
  }
}
