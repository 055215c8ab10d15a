package dev.pukara.app.cli;

import dev.pukara.guard.Policy;
import dev.pukara.rows.CategoryCheck;
import dev.pukara.rows.Judgement;
import dev.pukara.rows.Label;
import dev.pukara.rows.RowLine;
import dev.pukara.rows.Rows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Labelled messages to fit to; what they lack is told before any of them is scored. */
final class CalibrationRows {
  private CalibrationRows() {}

  static List<Judgement> read(Path file, Policy policy) throws IOException {
    List<RowLine> lines;
    try (Stream<RowLine> all = Rows.lines(file)) {
      lines = all.toList();
    }
    CategoryCheck categories = new CategoryCheck(policy);
    for (RowLine line : lines) {
      categories.add(line.row(), "line " + line.number());
    }
    categories.end(file.toString());
    List<Judgement> judgements = new ArrayList<>();
    for (RowLine line : lines) {
      judgements.addAll(line.row().judgements(policy));
    }
    checkLabels(judgements, file, policy);
    return judgements;
  }

  private static void checkLabels(List<Judgement> judgements, Path file, Policy policy) {
    if (judgements.isEmpty()) {
      throw new UserException(
          file + ": no row has a prompt_label or response_label; label some rows");
    }
    long unsafe = judgements.stream().filter(CalibrationRows::isUnsafe).count();
    long safe = judgements.size() - unsafe;
    if (safe == 0) {
      throw new UserException(
          file
              + ": all "
              + unsafe
              + " messages are unsafe, expected both labels; add rows whose prompt_label or"
              + " response_label is safe");
    }
    if (unsafe == 0) {
      throw new UserException(
          file
              + ": all "
              + safe
              + " messages are safe under policy "
              + policy.id()
              + ", expected both labels; add rows whose prompt_label or response_label is unsafe,"
              + " by a category of that policy");
    }
  }

  /** Checks that unsafe messages say why, for thresholds of categories. */
  static void checkCodes(List<Judgement> judgements, Path file, Policy policy) {
    if (judgements.stream().noneMatch(CalibrationRows::hasCodes)) {
      throw new UserException(
          file
              + ": --per-category, but no unsafe row says which categories of policy "
              + policy.id()
              + " it violates; add 'categories' (under Llama Guard's own policies lg1, lg2, lg3),"
              + " or leave --per-category out");
    }
  }

  private static boolean hasCodes(Judgement judgement) {
    return isUnsafe(judgement) && judgement.codes().isPresent();
  }

  private static boolean isUnsafe(Judgement judgement) {
    return judgement.label() == Label.UNSAFE;
  }
}
