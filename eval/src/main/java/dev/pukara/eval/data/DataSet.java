package dev.pukara.eval.data;

import dev.pukara.rows.Row;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A data set in memory.
 *
 * @param name label in results
 * @param reader id of the reader that read it
 * @param columns mapping that a table was read by; empty for other files
 * @param path the file
 * @param targetPolicy id of the policy that its labels are about, if it has one of its own
 * @param rows in the file's order, ids unique
 * @param skipped records without a text or a usable label
 */
public record DataSet(
    String name,
    String reader,
    String columns,
    Path path,
    Optional<String> targetPolicy,
    List<Row> rows,
    int skipped) {
  /** Copies the list. */
  public DataSet {
    rows = List.copyOf(rows);
  }
}
