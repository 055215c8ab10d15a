package dev.pukara.app.cli;

import dev.pukara.rows.Row;
import dev.pukara.rows.Rows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Some rows of many, spread evenly over their files. */
final class SpreadRows {
  private SpreadRows() {}

  /**
   * Every n-th row of all files together, {@code max} at most.
   *
   * @param option that gave the most
   */
  static List<Row> pick(List<Path> files, int max, String option) throws IOException {
    UserException.atLeast(1, max, option);
    List<Row> all = new ArrayList<>();
    for (Path each : files) {
      all.addAll(Rows.readAll(each));
    }
    if (all.isEmpty()) {
      throw new UserException("no rows in " + files + "; give files with at least one");
    }
    int count = Math.min(max, all.size());
    List<Row> picked = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      picked.add(all.get((int) ((long) i * all.size() / count)));
    }
    return picked;
  }
}
