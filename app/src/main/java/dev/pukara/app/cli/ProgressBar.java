package dev.pukara.app.cli;

import dev.pukara.eval.Progress;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;

/**
 * Rows per second and time left, on standard error: one line that is drawn over in a terminal, a
 * line every ten seconds elsewhere.
 */
final class ProgressBar implements Progress {
  private static final int WIDTH = 20;

  private final PrintStream err;
  private final boolean terminal;
  private String what = "";
  private int before;
  private int done;
  private int total;
  private long startNanos;
  private long drawnNanos;

  ProgressBar(PrintStream err) {
    this.err = err;
    this.terminal = System.console() != null && System.console().isTerminal();
  }

  @Override
  public void start(String part, int doneBefore, int all) {
    what = part;
    before = doneBefore;
    done = doneBefore;
    total = all;
    startNanos = System.nanoTime();
    drawnNanos = startNanos;
    if (doneBefore > 0) {
      err.println(what + ": " + doneBefore + " of " + total + " messages are done already");
    }
  }

  @Override
  public void advance(int now) {
    done = now;
    long pause = terminal ? 200_000_000L : 10_000_000_000L;
    if (System.nanoTime() - drawnNanos >= pause) {
      drawnNanos = System.nanoTime();
      err.print(terminal ? "\r\u001b[2K" + line() : line() + System.lineSeparator());
      err.flush();
    }
  }

  @Override
  public void end() {
    if (done > before) {
      err.print((terminal ? "\r\u001b[2K" : "") + line() + System.lineSeparator());
      err.flush();
    }
  }

  private String line() {
    double seconds = (System.nanoTime() - startNanos) / 1e9;
    double rate = (done - before) / Math.max(seconds, 1e-3);
    long left = (long) Math.ceil((total - done) / Math.max(rate, 1e-3));
    int filled = total == 0 ? WIDTH : (int) ((long) WIDTH * done / total);
    String name = what.length() > 28 ? what.substring(0, 27) + "~" : what;
    return String.format(
        Locale.ROOT,
        "%-28s %s%s %d/%d %.1f/s %s",
        name,
        "#".repeat(filled),
        ".".repeat(WIDTH - filled),
        done,
        total,
        rate,
        done == total ? "" : time(left) + " left");
  }

  private static String time(long seconds) {
    Duration d = Duration.ofSeconds(seconds);
    return d.toHours() > 0
        ? String.format(
            Locale.ROOT, "%d:%02d:%02d", d.toHours(), d.toMinutesPart(), d.toSecondsPart())
        : String.format(Locale.ROOT, "%d:%02d", d.toMinutes(), d.toSecondsPart());
  }
}
