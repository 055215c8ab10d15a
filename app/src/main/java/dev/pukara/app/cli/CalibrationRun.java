package dev.pukara.app.cli;

import dev.pukara.eval.ScoreFit;
import dev.pukara.guard.Category;
import dev.pukara.guard.CategoryScore;
import dev.pukara.guard.Guard;
import dev.pukara.guard.Verdict;
import dev.pukara.rows.Judgement;
import dev.pukara.rows.Label;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Scores of labelled messages, and what fits them. */
final class CalibrationRun {
  /** With fewer rows a category's threshold is chance. */
  private static final int CATEGORY_ROWS_MIN = 10;

  private final Guard guard;
  private final List<Scored> scored = new ArrayList<>();

  private record Scored(Judgement judgement, Verdict verdict) {}

  private record Labelled(double score, boolean unsafe) {}

  CalibrationRun(Guard guard, List<Judgement> judgements, PrintStream err) {
    this.guard = guard;
    ProgressBar progress = new ProgressBar(err);
    progress.start("calibration", 0, judgements.size());
    Iterator<Verdict> verdicts =
        guard.checkEach(judgements.stream().map(Judgement::conversation).iterator());
    int done = 0;
    while (verdicts.hasNext()) {
      Verdict verdict = verdicts.next();
      if (!(verdict instanceof Verdict.Unreadable)) {
        scored.add(new Scored(judgements.get(done), verdict));
      }
      progress.advance(++done);
    }
    progress.end();
    if (scored.size() < done) {
      err.println((done - scored.size()) + " messages were unreadable and are left out");
    }
  }

  /** Fits the message's score. */
  ScoreFit message(double targetFpr) {
    List<Labelled> rows = new ArrayList<>();
    for (Scored one : scored) {
      rows.add(new Labelled(one.verdict().score(), one.judgement().label() == Label.UNSAFE));
    }
    return ScoreFit.of(scores(rows), labels(rows), targetFpr);
  }

  /** Fits every category against all other rows (the paper's 1-vs-all). */
  CategoryFits categories(double targetFpr) {
    List<Category> categories = guard.policy().categories();
    Map<String, List<Labelled>> byCode = new LinkedHashMap<>();
    List<Labelled> all = new ArrayList<>();
    for (Category category : categories) {
      List<Labelled> rows = rowsOf(category.code());
      all.addAll(rows);
      byCode.put(category.code(), rows);
    }
    if (all.isEmpty()) {
      throw new UserException(
          "prompt format "
              + guard.format().id()
              + " cannot ask about one category by itself; leave --per-category out");
    }
    double temperature = ScoreFit.of(scores(all), labels(all), targetFpr).temperature();
    Map<String, ScoreFit> fits = new LinkedHashMap<>();
    List<String> skipped = new ArrayList<>();
    byCode.forEach(
        (code, rows) -> {
          if (rows.stream().filter(Labelled::unsafe).count() < CATEGORY_ROWS_MIN) {
            skipped.add(code);
          } else {
            fits.put(code, ScoreFit.at(scores(rows), labels(rows), temperature, targetFpr));
          }
        });
    return new CategoryFits(temperature, fits, skipped);
  }

  private List<Labelled> rowsOf(String code) {
    List<Labelled> rows = new ArrayList<>();
    for (Scored one : scored) {
      Optional<List<String>> codes = one.judgement().codes();
      for (CategoryScore category : one.verdict().categoryScores()) {
        if (codes.isPresent() && category.code().equals(code)) {
          rows.add(new Labelled(category.score(), codes.get().contains(code)));
        }
      }
    }
    return rows;
  }

  private static double[] scores(List<Labelled> rows) {
    return rows.stream().mapToDouble(Labelled::score).toArray();
  }

  private static boolean[] labels(List<Labelled> rows) {
    boolean[] unsafe = new boolean[rows.size()];
    for (int i = 0; i < unsafe.length; i++) {
      unsafe[i] = rows.get(i).unsafe();
    }
    return unsafe;
  }
}
