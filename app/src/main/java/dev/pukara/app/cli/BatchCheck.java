package dev.pukara.app.cli;

import dev.pukara.engine.EngineException;
import dev.pukara.engine.EngineStats;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.Guard;
import dev.pukara.guard.PolicyException;
import dev.pukara.guard.Verdict;
import dev.pukara.rows.RowLine;
import dev.pukara.rows.Rows;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Judges a file of rows: one line for each row, in order, with its verdict or with what kept it
 * from one. A line is written whole and only when its verdict is there, so a run that was killed
 * leaves a prefix of the result, at worst with a broken last line; the same command cuts that off
 * and goes on behind it.
 */
final class BatchCheck {
  /** Tells whether a server answers. */
  private static final Conversation ANYTHING = Conversation.user("Hello");

  private final Guard guard;
  private final Path in;
  private final Path out;
  private final Map<String, String> options;
  private final PrintStream err;

  /**
   * A run.
   *
   * @param options those that verdicts depend on, with their values
   */
  BatchCheck(Guard guard, Path in, Path out, Map<String, String> options, PrintStream err) {
    this.guard = guard;
    this.in = in;
    this.out = out;
    this.options = options;
    this.err = err;
  }

  /** The exit code: whether every row, of earlier runs too, has a verdict that can be read. */
  int run() throws IOException {
    int total = count();
    try (BatchOutput output = BatchOutput.open(out, in)) {
      BatchOrigin origin = BatchOrigin.of(out, in, options);
      BatchResume earlier = BatchResume.of(out, output.channel());
      int done = Math.toIntExact(earlier.check(guard, in, origin));
      origin.keep();
      judge(output.writer(earlier.bytes()), done, total);
    }
    guard.stats().filter(stats -> stats.answered() > 0).ifPresent(this::tellCost);
    BatchSummary summary = BatchSummary.of(out);
    err.println(summary.text(out));
    return summary.isComplete() ? ExitCodes.SAFE : ExitCodes.UNREADABLE;
  }

  private void judge(BufferedWriter writer, int done, int total) throws IOException {
    ProgressBar progress = new ProgressBar(err);
    progress.start(in.getFileName().toString(), done, total);
    int written;
    try (Stream<RowLine> lines = Rows.lines(in)) {
      written = new Writing(writer, progress, done).all(lines.skip(done));
    }
    progress.end();
    if (written != total) {
      throw new UserException(
          String.format(
              Locale.ROOT,
              "%s: %d rows at first, but %d lines in %s: it changed during the run; delete %s and"
                  + " run again",
              in,
              total,
              written,
              out,
              out));
    }
  }

  private void tellCost(EngineStats stats) {
    long tokens = stats.computedTokens() + stats.cachedTokens();
    err.printf(
        Locale.ROOT,
        "%,d tokens read in this run, %.0f %% of them from the cache%n",
        tokens,
        100 * stats.hitRate());
  }

  /** Rows; those that cannot be read are told before any work. */
  private int count() throws IOException {
    if (Files.exists(in) && !Files.isRegularFile(in)) {
      throw new UserException(
          in
              + ": not a regular file, and --jsonl is read more than once; write it to a file (plain"
              + " or .gz) first");
    }
    int total = 0;
    int broken = 0;
    try (Stream<RowLine> lines = Rows.lines(in)) {
      for (RowLine line : (Iterable<RowLine>) lines::iterator) {
        total++;
        if (line instanceof RowLine.Broken first && broken++ == 0) {
          err.println("no verdict on rows that cannot be read; the first: " + first.message());
        }
      }
    }
    if (broken > 1) {
      err.println(broken + " rows cannot be read");
    }
    return total;
  }

  /** Lines on their way from input to output. */
  private final class Writing {
    private final BufferedWriter writer;
    private final ProgressBar progress;

    /** Read, but not yet written, in order. */
    private final Deque<RowLine> ahead = new ArrayDeque<>();

    private int done;

    Writing(BufferedWriter writer, ProgressBar progress, int done) {
      this.writer = writer;
      this.progress = progress;
      this.done = done;
    }

    /** Lines in the output at the end. */
    int all(Stream<RowLine> lines) throws IOException {
      Iterator<Conversation> conversations =
          lines
              .peek(ahead::add)
              .filter(RowLine.Sound.class::isInstance)
              .map(line -> line.row().conversation())
              .iterator();
      Iterator<Verdict> verdicts = guard.checkEach(conversations);
      while (verdicts.hasNext()) {
        writeBroken();
        write(judged(ahead.remove(), verdicts));
      }
      writeBroken();
      return done;
    }

    private String judged(RowLine line, Iterator<Verdict> verdicts) {
      try {
        return Verdicts.json(guard, settled(line, verdicts.next()), line.id());
      } catch (EngineException e) {
        return switch (e.reason()) {
          // The next row would fare no better: end here, the same command goes on later.
          case BUSY, CLOSED -> throw e;
          case TOO_LONG, TIMEOUT, FAILED -> refused(line, e);
        };
      } catch (PolicyException e) {
        return refused(line, e);
      }
    }

    /**
     * The verdict that the row gets for good. What a server left unanswered is asked again, unless
     * the server answers nothing at all: then the next rows would fare no better.
     */
    private Verdict settled(RowLine line, Verdict verdict) {
      Optional<String> reason = passing(verdict);
      if (reason.isEmpty()) {
        return verdict;
      }
      if (passing(guard.check(ANYTHING)).isPresent()) {
        throw new UnavailableException(
            line.where() + ": " + reason.get() + "; run the same command again when it answers");
      }
      return guard.check(line.row().conversation());
    }

    /** Why there is no verdict now but may be one later. */
    private static Optional<String> passing(Verdict verdict) {
      return verdict instanceof Verdict.Unreadable unreadable && unreadable.mayPass()
          ? Optional.of(unreadable.reason())
          : Optional.empty();
    }

    private String refused(RowLine line, RuntimeException failure) {
      return Verdicts.error(guard, line.id(), line.where() + ": " + failure.getMessage());
    }

    /** Writes the lines that are no rows, up to the next row. */
    private void writeBroken() throws IOException {
      while (ahead.peek() instanceof RowLine.Broken broken) {
        ahead.remove();
        write(Verdicts.error(guard, broken.id(), broken.message()));
      }
    }

    private void write(String line) throws IOException {
      writer.write(line);
      writer.write('\n');
      writer.flush();
      progress.advance(++done);
    }
  }
}
