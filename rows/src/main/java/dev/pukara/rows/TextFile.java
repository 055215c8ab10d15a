package dev.pukara.rows;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.zip.GZIPInputStream;

/** Text files: read as data sets come, plain or gzip; replaced as a whole. UTF-8. */
public final class TextFile {
  private static final String GZIP = "\u001f\u008b";
  private static final String XZ = "\u00fd7zX";
  private static final String PARQUET = "PAR1";

  private TextFile() {}

  /** Writes a file such that it is there as a whole, on the disk, or as it was before. */
  public static void replace(Path file, String text) throws IOException {
    Path partial = file.resolveSibling(file.getFileName() + ".partial");
    Files.writeString(partial, text);
    try (FileChannel written = FileChannel.open(partial, StandardOpenOption.WRITE)) {
      written.force(true);
    }
    Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Opens a file, unpacked if it is gzip. Bytes that are not UTF-8 are an error while reading.
   *
   * @throws RowException if it is packed in another way, or Parquet
   */
  public static BufferedReader open(Path file) throws IOException {
    InputStream bytes = new BufferedInputStream(Files.newInputStream(file));
    try {
      bytes.mark(4);
      String magic = new String(bytes.readNBytes(4), StandardCharsets.ISO_8859_1);
      bytes.reset();
      if (magic.equals(XZ)) {
        throw new RowException(
            file + ": xz-compressed, expected plain text or gzip; unpack it with unxz");
      }
      if (magic.equals(PARQUET)) {
        throw new RowException(
            file
                + ": Parquet, expected text; convert it, for example in Python:"
                + " pandas.read_parquet(file).to_json('out.jsonl', orient='records', lines=True)");
      }
      InputStream plain = magic.startsWith(GZIP) ? new GZIPInputStream(bytes) : bytes;
      return new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8.newDecoder()));
    } catch (IOException | RuntimeException e) {
      bytes.close();
      throw e;
    }
  }
}
