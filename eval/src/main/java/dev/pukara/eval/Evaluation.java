package dev.pukara.eval;

import dev.pukara.eval.RunFile.SetRun;
import dev.pukara.eval.data.DataSet;
import dev.pukara.guard.Policy;
import dev.pukara.rows.Judgement;
import dev.pukara.rows.Row;
import dev.pukara.rows.SingleWriter;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Runs contenders on data sets: rows become scores on disk, and everything else is computed from
 * those ({@link Report}). What an earlier, killed run left is kept.
 */
public final class Evaluation {
  private final EvaluationOptions options;
  private final Progress progress;

  private Evaluation(EvaluationOptions options, Progress progress) {
    this.options = options;
    this.progress = progress;
  }

  /**
   * Judges every row by every contender, then writes the report.
   *
   * @return the main figures as a table for people
   * @throws EvaluationException if the folder holds scores of something else, or another run has it
   */
  public static String run(
      EvaluationOptions options, List<Contender> contenders, List<DataSet> sets, Progress progress)
      throws IOException {
    Path report = options.folder();
    boolean alone = contenders.size() == 1;
    if (!alone && RunFile.isIn(report)) {
      throw new EvaluationException(
          report + ": holds a run of one guard, expected one of several; choose another folder");
    }
    Files.createDirectories(report);
    try (FileChannel lock =
        FileChannel.open(
            report.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      if (!SingleWriter.claim(lock)) {
        throw new EvaluationException(
            report + ": another run writes to it; wait for its end or choose another folder");
      }
      Evaluation evaluation = new Evaluation(options, progress);
      for (Contender contender : contenders) {
        evaluation.run(contender, sets, alone ? report : report.resolve(contender.label()));
      }
      return Report.write(options, sets);
    }
  }

  private void run(Contender contender, List<DataSet> sets, Path folder) throws IOException {
    RunFile file =
        RunFile.isIn(folder) ? RunFile.read(folder) : new RunFile(contender.label(), Map.of());
    Contender.@Nullable Session session = null;
    Policy open = null;
    try {
      for (DataSet set : sets) {
        Policy policy = contender.policy(set);
        Row.checkCategories(set.rows(), policy, set.path().toString());
        if (session == null || !policy.equals(open)) {
          if (session != null) {
            session.close();
          }
          session = contender.open(policy);
          open = policy;
        }
        judge(session, policy, set, file, folder);
      }
    } finally {
      if (session != null) {
        session.close();
      }
    }
  }

  /** The same rows every time, and the rows of a smaller limit among those of a larger one. */
  private static List<Row> chosen(DataSet set, int limit) {
    if (limit == 0 || set.rows().size() <= limit) {
      return set.rows();
    }
    Set<String> ids =
        set.rows().stream()
            .map(Row::id)
            .sorted(Comparator.comparing(id -> Sha256.of(set.name() + " " + id)))
            .limit(limit)
            .collect(Collectors.toSet());
    return set.rows().stream().filter(row -> ids.contains(row.id())).toList();
  }

  /** A message to judge. */
  private record Wanted(String id, Judgement judgement) {}

  /** A message under way. */
  private record Asked(Wanted wanted, CompletableFuture<Rating> rating) {}

  private void judge(
      Contender.Session session, Policy policy, DataSet set, RunFile file, Path folder)
      throws IOException {
    SetRun run =
        new SetRun(
            set.reader(),
            set.columns(),
            set.path().toString(),
            Sha256.of(set.path()),
            set.rows().size(),
            set.skipped(),
            set.rows().stream().mapToInt(row -> row.judgements(policy).size()).sum(),
            session.identity(),
            0);
    SetRun before = file.sets().get(set.name());
    if (before != null) {
      before.checkSame(run, folder.resolve(set.name()));
      run = run.spending(before.seconds());
    }
    file.sets().put(set.name(), run);
    file.write(folder);

    Path path = folder.resolve(set.name()).resolve("predictions.jsonl");
    Files.createDirectories(folder.resolve(set.name()));
    Set<String> done = new HashSet<>();
    PredictionFile.read(path).forEach(prediction -> done.add(prediction.key()));
    List<Wanted> wanted = new ArrayList<>();
    for (Row row : chosen(set, options.limit())) {
      for (Judgement judgement : row.judgements(policy)) {
        if (!done.contains(Prediction.key(judgement.task(), row.id()))) {
          wanted.add(new Wanted(row.id(), judgement));
        }
      }
    }
    if (done.isEmpty() && wanted.isEmpty()) {
      throw new EvaluationException(
          set.path() + ": no row has a label, so that there is nothing to measure; check the file");
    }
    Clock clock = new Clock(file, folder, set.name(), run);
    progress.start(set.name() + ", " + file.label(), done.size(), done.size() + wanted.size());
    try (BufferedWriter lines = PredictionFile.append(path)) {
      ask(session, wanted, lines, done.size(), clock);
    } finally {
      progress.end();
      clock.save();
    }
  }

  /** Keeps the time that a set has taken in {@code run.json}, for runs that are killed. */
  private static final class Clock {
    private static final long SAVE_NANOS = 5_000_000_000L;

    private final RunFile file;
    private final Path folder;
    private final String set;
    private final SetRun run;
    private final long start = System.nanoTime();
    private long saved = start;

    Clock(RunFile file, Path folder, String set, SetRun run) {
      this.file = file;
      this.folder = folder;
      this.set = set;
      this.run = run;
    }

    void tick() throws IOException {
      if (System.nanoTime() - saved > SAVE_NANOS) {
        save();
      }
    }

    void save() throws IOException {
      saved = System.nanoTime();
      file.sets().put(set, run.spending((saved - start) / 1e9));
      file.write(folder);
    }
  }

  /** Keeps the session's window full; lines are written in the order of the rows. */
  private void ask(
      Contender.Session session,
      List<Wanted> wanted,
      BufferedWriter lines,
      int doneBefore,
      Clock clock)
      throws IOException {
    Deque<Asked> underWay = new ArrayDeque<>();
    int done = doneBefore;
    int next = 0;
    while (next < wanted.size() || !underWay.isEmpty()) {
      while (next < wanted.size() && underWay.size() < session.window()) {
        Wanted one = wanted.get(next++);
        underWay.add(new Asked(one, session.rate(one.judgement().conversation())));
      }
      Asked first = underWay.remove();
      Wanted one = first.wanted();
      Prediction prediction = new Prediction(one.id(), one.judgement(), await(first.rating()));
      lines.write(PredictionFile.line(prediction));
      lines.write('\n');
      // A killed run loses only what is under way.
      lines.flush();
      progress.advance(++done);
      clock.tick();
    }
  }

  private static Rating await(CompletableFuture<Rating> rating) {
    try {
      return rating.join();
    } catch (CompletionException e) {
      if (cause(e) instanceof RuntimeException failure) {
        throw failure;
      }
      throw e;
    }
  }

  /** What a future failed with, which is wrapped where another stage hands it on. */
  static Throwable cause(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : null;
    return cause == null ? failure : cause;
  }
}
