package dev.pukara.app.cli;

import dev.pukara.eval.AveragePrecision;
import dev.pukara.rows.Label;
import dev.pukara.rows.Row;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How far scores are from those of the reference.
 *
 * @param rows compared
 * @param mean absolute difference of two scores of a row
 * @param p99 below which 99 % of the differences are
 * @param max greatest difference
 * @param flipped rows whose scores lie on different sides of one half
 * @param labelled rows with a label and both of its classes among them; 0 = no AUPRC
 * @param averagePrecision area under the precision-recall curve (AUPRC) of the labelled rows
 * @param averagePrecisionChange against the reference
 */
record ScoreDifference(
    int rows,
    double mean,
    double p99,
    double max,
    int flipped,
    int labelled,
    double averagePrecision,
    double averagePrecisionChange) {

  static ScoreDifference of(List<Row> rows, double[] reference, double[] scores) {
    double[] differences = new double[scores.length];
    int flipped = 0;
    for (int i = 0; i < scores.length; i++) {
      differences[i] = Math.abs(scores[i] - reference[i]);
      flipped += (scores[i] >= 0.5) == (reference[i] >= 0.5) ? 0 : 1;
    }
    double mean = Arrays.stream(differences).average().orElse(0);
    Arrays.sort(differences);
    int[] labelled = labelled(rows);
    double before = averagePrecision(rows, labelled, reference);
    double after = averagePrecision(rows, labelled, scores);
    return new ScoreDifference(
        scores.length,
        mean,
        differences[(int) (0.99 * (differences.length - 1))],
        differences[differences.length - 1],
        flipped,
        Double.isNaN(after) ? 0 : labelled.length,
        after,
        after - before);
  }

  private static int[] labelled(List<Row> rows) {
    return IntStream.range(0, rows.size()).filter(i -> label(rows.get(i)).isPresent()).toArray();
  }

  private static Optional<Label> label(Row row) {
    return row.promptLabel().or(row::responseLabel);
  }

  private static double averagePrecision(List<Row> rows, int[] labelled, double[] scores) {
    double[] ranked = new double[labelled.length];
    boolean[] unsafe = new boolean[labelled.length];
    int positives = 0;
    for (int i = 0; i < labelled.length; i++) {
      ranked[i] = scores[labelled[i]];
      unsafe[i] = label(rows.get(labelled[i])).orElseThrow() == Label.UNSAFE;
      positives += unsafe[i] ? 1 : 0;
    }
    boolean both = positives > 0 && positives < labelled.length;
    return both ? AveragePrecision.of(ranked, unsafe) : Double.NaN;
  }

  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("rows", rows);
    fields.put("meanDifference", mean);
    fields.put("p99Difference", p99);
    fields.put("maxDifference", max);
    fields.put("flipped", flipped);
    if (labelled > 0) {
      fields.put("labelled", labelled);
      fields.put("auprc", averagePrecision);
      fields.put("auprcChange", averagePrecisionChange);
    }
    return fields;
  }

  String line(String name) {
    String scores =
        String.format(
            Locale.ROOT,
            "%-8s score difference mean %.5f, p99 %.5f, max %.5f; %d of %d verdicts flip",
            name,
            mean,
            p99,
            max,
            flipped,
            rows);
    return labelled == 0
        ? scores
        : scores
            + String.format(
                Locale.ROOT,
                "%n%-8s AUPRC %.4f of %d labelled rows, %+.4f",
                "",
                averagePrecision,
                labelled,
                averagePrecisionChange);
  }
}
