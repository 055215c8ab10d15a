package dev.pukara.app.cli;

import dev.pukara.train.RunListener;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;

/** Tells how a training goes on: one line that is overwritten on a terminal, else now and then. */
final class TrainProgress implements RunListener {
  private static final int BAR = 20;

  /** Loss and speed are smoothed over about so many steps. */
  private static final int SMOOTHED = 20;

  private static final int LINE_EVERY = 20;

  private final PrintStream err;
  private final boolean terminal = System.console() != null;
  private double loss = Double.NaN;
  private double tokensPerSecond;
  private double secondsPerStep;
  private boolean open;

  TrainProgress(PrintStream err) {
    this.err = err;
  }

  @Override
  public void note(String text) {
    end();
    err.println(text);
  }

  @Override
  public void step(StepReport report) {
    double speed = report.tokens() / report.seconds();
    boolean first = Double.isNaN(loss);
    loss = first ? report.verdictLoss() : smooth(loss, report.verdictLoss());
    tokensPerSecond = first ? speed : smooth(tokensPerSecond, speed);
    secondsPerStep = first ? report.seconds() : smooth(secondsPerStep, report.seconds());
    boolean due = report.step() % LINE_EVERY == 0 || report.step() == report.steps() || first;
    if (!terminal && !due) {
      return;
    }
    int done = BAR * report.step() / report.steps();
    long left = Math.round((report.steps() - report.step()) * secondsPerStep);
    String line =
        String.format(
            Locale.ROOT,
            "[%s%s] %d/%d loss %.3f, %.0f tokens/s, %s left",
            "#".repeat(done),
            ".".repeat(BAR - done),
            report.step(),
            report.steps(),
            loss,
            tokensPerSecond,
            clock(Duration.ofSeconds(left)));
    if (terminal) {
      err.print("\r" + line + "   ");
      err.flush();
      open = true;
    } else {
      err.println(line);
    }
  }

  private static double smooth(double old, double now) {
    return old + (now - old) / SMOOTHED;
  }

  private static String clock(Duration left) {
    return left.toHours() > 0
        ? String.format(Locale.ROOT, "%d h %02d min", left.toHours(), left.toMinutesPart())
        : String.format(Locale.ROOT, "%d min %02d s", left.toMinutes(), left.toSecondsPart());
  }

  @Override
  public void validated(ValidationReport report) {
    end();
    for (PolicyScore score : report.policies()) {
      err.println(
          String.format(
              Locale.ROOT,
              "step %d, %s: AUPRC %.3f, F1 %.3f, loss %.3f on %d held-out messages",
              report.step(),
              score.policy(),
              score.auprc(),
              score.f1(),
              score.loss(),
              score.cases()));
    }
  }

  /** Leaves the line that is overwritten. */
  void end() {
    if (open) {
      err.println();
      open = false;
    }
  }
}
