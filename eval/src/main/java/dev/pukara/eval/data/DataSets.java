package dev.pukara.eval.data;

import dev.pukara.rows.Row;
import dev.pukara.rows.RowException;
import dev.pukara.rows.Rows;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Reads data sets: the benchmarks' official files, rows of one's own, tables. */
public final class DataSets {
  /** Reader id of rows in our own format. */
  public static final String OWN = "pukara";

  private static final String TABLE = "csv";

  private static final Set<String> LABELS = Set.of("prompt_label", "response_label");

  private DataSets() {}

  /**
   * A reader for people.
   *
   * @param id for {@code NAME:reader=PATH}
   * @param title of the data set
   * @param card where the authors describe the file
   * @param columns that the reader relies on
   */
  public record Description(String id, String title, String card, List<String> columns) {}

  /** All readers of official files. */
  public static List<Description> readers() {
    return official().map(r -> new Description(r.id(), r.title(), r.card(), r.columns())).toList();
  }

  private static Stream<DataReader> official() {
    return Stream.concat(ModerationReaders.all().stream(), BehaviourReaders.all().stream());
  }

  /**
   * Reads a data set.
   *
   * @param columns of tables that are read by the reader {@code csv}
   * @throws RowException if the file is not what the reader expects
   */
  public static DataSet read(DataSpec spec, Columns columns) throws IOException {
    if (spec.reader().equals(Optional.of(OWN))) {
      return own(spec);
    }
    if (spec.reader().equals(Optional.of(TABLE))) {
      return read(spec, columns.reader(), columns.toString(), Records.read(spec.path()));
    }
    List<Fields> records = Records.read(spec.path());
    if (spec.reader().isPresent()) {
      return read(spec, byId(spec.reader().get()), "", records);
    }
    Set<String> names = new HashSet<>();
    records.stream().limit(100).forEach(record -> names.addAll(record.names()));
    // Where labels in our own words stand, only a reader that knows them may come before ours.
    Set<String> labels = new HashSet<>(LABELS);
    labels.retainAll(names);
    Optional<DataReader> reader =
        official().filter(r -> r.fits().test(names) && r.columns().containsAll(labels)).findFirst();
    if (reader.isPresent()) {
      return read(spec, reader.get(), "", records);
    }
    if (!labels.isEmpty()) {
      return own(spec);
    }
    throw new RowException(
        spec.path()
            + ": no reader knows the fields "
            + names.stream().sorted().toList()
            + "; choose one with NAME:reader=PATH, or map columns: "
            + spec.name()
            + ":csv="
            + spec.path()
            + " --columns prompt=...,prompt_label=...");
  }

  private static DataReader byId(String id) {
    return official()
        .filter(reader -> reader.id().equals(id))
        .findFirst()
        .orElseThrow(
            () ->
                new RowException(
                    "no reader '"
                        + id
                        + "'; known are "
                        + Stream.concat(official().map(DataReader::id), Stream.of(OWN, TABLE))
                            .toList()));
  }

  private static DataSet own(DataSpec spec) throws IOException {
    List<Row> rows = Rows.readAll(spec.path());
    return set(spec, OWN, "", Optional.empty(), rows, 0);
  }

  private static DataSet read(
      DataSpec spec, DataReader reader, String columns, List<Fields> records) {
    List<Row> rows = new ArrayList<>();
    int skipped = 0;
    for (Fields record : records) {
      List<Row> made = reader.rows().of(record, spec.path());
      rows.addAll(made);
      skipped += made.isEmpty() ? 1 : 0;
    }
    return set(spec, reader.id(), columns, reader.targetPolicy(), distinct(rows), skipped);
  }

  /** Authors do not promise unique ids: the second of two gets a number. */
  private static List<Row> distinct(List<Row> rows) {
    Map<String, Integer> seen = new HashMap<>();
    List<Row> distinct = new ArrayList<>();
    for (Row row : rows) {
      int times = seen.merge(row.id(), 1, Integer::sum);
      distinct.add(times == 1 ? row : row.withId(row.id() + "#" + times));
    }
    return distinct;
  }

  private static DataSet set(
      DataSpec spec,
      String reader,
      String columns,
      Optional<String> policy,
      List<Row> rows,
      int skipped) {
    Set<String> ids = new HashSet<>();
    for (Row row : rows) {
      if (!ids.add(row.id())) {
        throw new RowException(
            spec.path()
                + ": two rows have the id '"
                + row.id()
                + "'; ids must differ within a file");
      }
    }
    if (rows.isEmpty()) {
      throw new RowException(spec.path() + ": no row has a text and a label; check the file");
    }
    return new DataSet(spec.name(), reader, columns, spec.path(), policy, rows, skipped);
  }
}
