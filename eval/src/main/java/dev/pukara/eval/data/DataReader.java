package dev.pukara.eval.data;

import dev.pukara.rows.Row;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * How the records of one data set become rows.
 *
 * @param id {@code toxicchat}
 * @param title for people
 * @param card where the authors describe the file
 * @param columns that the reader relies on
 * @param fits tells from the names of a record's fields whether it is of this set
 * @param targetPolicy id of the policy that the labels are about
 * @param rows rows of one record; none = not usable
 */
record DataReader(
    String id,
    String title,
    String card,
    List<String> columns,
    Predicate<Set<String>> fits,
    Optional<String> targetPolicy,
    RowMaker rows) {
  /** Turns one record into rows. */
  @FunctionalInterface
  interface RowMaker {
    List<Row> of(Fields record, Path file);
  }

  /** Fits where all of these fields are. */
  static Predicate<Set<String>> fields(String... names) {
    Set<String> wanted = Set.of(names);
    return present -> present.containsAll(wanted);
  }
}
