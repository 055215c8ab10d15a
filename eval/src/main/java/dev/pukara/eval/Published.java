package dev.pukara.eval;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A figure that others published.
 *
 * @param reader the data set, by the id of its reader
 * @param guard whose figure it is
 * @param metric {@code auprc}, {@code f1} or {@code fpr}
 * @param value of the metric
 * @param source where it stands
 */
record Published(String reader, String guard, String metric, double value, String source) {
  /** All figures that we know. */
  static List<Published> all() {
    try (InputStream in = Published.class.getResourceAsStream("published.tsv")) {
      if (in == null) {
        throw new IllegalStateException("resource published.tsv is missing from the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .skip(1)
          .map(line -> line.split("\t", -1))
          .map(c -> new Published(c[0], c[1], c[2], Double.parseDouble(c[3]), c[4]))
          .toList();
    } catch (IOException e) {
      throw new IllegalStateException("published.tsv", e);
    }
  }

  /** Those of a data set. */
  static List<Published> of(String reader) {
    return all().stream().filter(figure -> figure.reader().equals(reader)).toList();
  }
}
