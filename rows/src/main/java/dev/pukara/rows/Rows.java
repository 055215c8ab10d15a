package dev.pukara.rows;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPOutputStream;

/** Files of rows: JSON Lines as in {@code docs/data-format.md}, plain or gzip. */
public final class Rows {
  private Rows() {}

  /**
   * Streams a file; close the stream. Reading on fails with {@link RowException} at a line that is
   * not a row.
   */
  public static Stream<Row> read(Path file) throws IOException {
    return lines(file).map(RowLine::row);
  }

  /**
   * Streams a file's lines, those that are no rows too; close the stream. Reading on fails with
   * {@link RowException} if the file is not UTF-8.
   */
  public static Stream<RowLine> lines(Path file) throws IOException {
    RowLines reader = RowLines.open(file);
    Spliterator<RowLine> lines =
        Spliterators.spliteratorUnknownSize(reader, Spliterator.ORDERED | Spliterator.NONNULL);
    return StreamSupport.stream(lines, false)
        .onClose(
            () -> {
              try {
                reader.close();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
  }

  /** All rows of a file. */
  public static List<Row> readAll(Path file) throws IOException {
    try (Stream<Row> rows = read(file)) {
      return rows.toList();
    }
  }

  /** Writes rows, as gzip if the name ends in {@code .gz}. */
  public static void write(Path file, Iterator<Row> rows) throws IOException {
    OutputStream bytes = Files.newOutputStream(file);
    try (OutputStream out = file.toString().endsWith(".gz") ? new GZIPOutputStream(bytes) : bytes;
        BufferedWriter lines =
            new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8))) {
      while (rows.hasNext()) {
        lines.write(RowFormat.write(rows.next()));
        lines.write('\n');
      }
    }
  }
}
