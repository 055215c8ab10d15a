package dev.pukara.rows;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Rows of a JSON Lines file, plain or gzip, one at a time. Threads: one. */
public final class RowReader implements Iterator<Row>, AutoCloseable {
  private final Path file;
  private final String dataset;
  private final BufferedReader lines;
  private int line;
  private @Nullable Row next;

  private RowReader(Path file, BufferedReader lines) {
    this.file = file;
    this.dataset = file.getFileName().toString().replaceFirst("\\.jsonl?(\\.gz)?$", "");
    this.lines = lines;
  }

  /** Opens a file. */
  public static RowReader open(Path file) throws IOException {
    return new RowReader(file, TextFile.open(file));
  }

  /**
   * Whether there is one more row.
   *
   * @throws RowException if the next line is not a row
   */
  @Override
  public boolean hasNext() {
    if (next == null) {
      next = advance();
    }
    return next != null;
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException(file + ": no more rows");
    }
    Row row = next;
    next = null;
    return Objects.requireNonNull(row);
  }

  private @Nullable Row advance() {
    try {
      String text;
      while ((text = lines.readLine()) != null) {
        line++;
        if (line == 1 && text.startsWith("\ufeff")) {
          text = text.substring(1);
        }
        if (!text.isBlank()) {
          return RowFormat.read(text, file + ":" + line, dataset, Integer.toString(line));
        }
      }
      return null;
    } catch (CharacterCodingException e) {
      throw new RowException(
          file + ": not UTF-8 near line " + (line + 1) + "; convert it, for example with iconv", e);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ":" + (line + 1), e);
    }
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
