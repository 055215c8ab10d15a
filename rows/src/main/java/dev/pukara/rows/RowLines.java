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

/** Lines of a JSON Lines file, plain or gzip, one at a time. Threads: one. */
final class RowLines implements Iterator<RowLine>, AutoCloseable {
  private final Path file;
  private final String dataset;
  private final BufferedReader lines;
  private int line;
  private @Nullable RowLine next;

  private RowLines(Path file, BufferedReader lines) {
    this.file = file;
    this.dataset = file.getFileName().toString().replaceFirst("\\.jsonl?(\\.gz)?$", "");
    this.lines = lines;
  }

  static RowLines open(Path file) throws IOException {
    return new RowLines(file, TextFile.open(file));
  }

  /**
   * Whether there is one more line.
   *
   * @throws RowException if the file is not UTF-8
   */
  @Override
  public boolean hasNext() {
    if (next == null) {
      next = advance();
    }
    return next != null;
  }

  @Override
  public RowLine next() {
    if (!hasNext()) {
      throw new NoSuchElementException(file + ": no more lines");
    }
    RowLine found = next;
    next = null;
    return Objects.requireNonNull(found);
  }

  private @Nullable RowLine advance() {
    try {
      String text;
      while ((text = lines.readLine()) != null) {
        line++;
        if (line == 1 && text.startsWith("\ufeff")) {
          text = text.substring(1);
        }
        if (!text.isBlank()) {
          return RowFormat.line(text, file, line, dataset);
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
