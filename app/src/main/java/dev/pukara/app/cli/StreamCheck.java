package dev.pukara.app.cli;

import dev.pukara.guard.Guard;
import dev.pukara.guard.GuardedStream;
import dev.pukara.guard.Message;
import dev.pukara.guard.StreamOptions;
import dev.pukara.guard.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads an answer as it comes, prints what passed, and the verdict at the end. */
final class StreamCheck {
  private StreamCheck() {}

  /**
   * Runs until the input ends or the guard stops it.
   *
   * @param out gets the answer
   * @param report gets the verdict
   */
  static int run(
      Guard guard,
      List<Message> before,
      InputStream in,
      PrintStream out,
      PrintStream report,
      boolean json)
      throws IOException {
    GuardedStream stream = guard.stream(before, StreamOptions.DEFAULT);
    Reader answer = new InputStreamReader(in, StandardCharsets.UTF_8);
    char[] piece = new char[512];
    for (int n; !stream.isStopped() && (n = answer.read(piece)) >= 0; ) {
      out.print(stream.push(new String(piece, 0, n)));
      out.flush();
    }
    out.println(stream.finish());
    out.flush();
    Optional<Verdict> verdict = stream.verdict();
    if (verdict.isEmpty()) {
      throw new UserException("standard input is empty; pipe the answer into --stream");
    }
    report.println(
        json ? Verdicts.json(guard, verdict.get()) : Verdicts.text(guard, verdict.get()));
    if (!json) {
      report.printf(
          Locale.ROOT,
          "checks: %d, tokens computed: %d%n",
          stream.checks(),
          stream.computedTokens());
    }
    return Verdicts.exitCode(verdict.get());
  }
}
