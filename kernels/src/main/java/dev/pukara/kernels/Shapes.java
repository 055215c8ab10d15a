package dev.pukara.kernels;

import java.util.List;
import java.util.Locale;

/**
 * The checks at the door of every {@link Kernels}: all loops behind it address memory unchecked.
 */
final class Shapes {
  private Shapes() {}

  static void require(boolean condition, String format, Object... arguments) {
    if (!condition) {
      throw new IllegalArgumentException(String.format(Locale.ROOT, format, arguments));
    }
  }

  static void activations(int maxRows, int width) {
    require(maxRows > 0 && width > 0, "activations (%d, %d)", maxRows, width);
  }

  /** All matrices have the same columns; returns the sum of their rows. */
  static int stacked(List<Weights> stacked) {
    require(!stacked.isEmpty(), "a linear layer of no weights");
    int cols = stacked.getFirst().cols();
    long rows = 0;
    for (Weights weights : stacked) {
      require(weights.cols() == cols, "stacked weights of %d and %d columns", cols, weights.cols());
      rows += weights.rows();
    }
    require(rows <= Integer.MAX_VALUE, "a linear layer of %d outputs", rows);
    return (int) rows;
  }

  static void precision(String kernels, List<Precision> supported, Precision precision) {
    if (!supported.contains(precision)) {
      throw new KernelsException(
          String.format(
              Locale.ROOT,
              "precision %s: %s kernels on this CPU have %s; choose one of those",
              precision.id(),
              kernels,
              supported.stream().map(Precision::id).toList()));
    }
  }

  static void forward(Linear layer, Activations x, int rows, Tensor out) {
    require(
        rows >= 0
            && rows <= x.maxRows()
            && x.width() == layer.inputs()
            && x.precision() == layer.precision()
            && rows <= out.rows()
            && out.cols() == layer.outputs(),
        "%d rows of activations (%d, %d) %s through a layer of %d inputs and %d outputs, %s, into %s",
        rows,
        x.maxRows(),
        x.width(),
        x.precision().id(),
        layer.inputs(),
        layer.outputs(),
        layer.precision().id(),
        out);
  }

  static void embed(Weights table, int[] ids, Tensor out) {
    require(
        out.cols() == table.cols() && ids.length <= out.rows(),
        "%d rows of a table (%d, %d) into %s",
        ids.length,
        table.rows(),
        table.cols(),
        out);
    for (int id : ids) {
      require(id >= 0 && id < table.rows(), "token %d of a table of %d rows", id, table.rows());
    }
  }

  static void rmsNorm(Tensor x, int rows, Tensor gain, Activations out) {
    require(
        fits(x, rows, out)
            && gain.rows() == 1
            && gain.cols() == x.cols()
            && out.width() == x.cols(),
        "norm of %d rows of %s with gain %s into (%d, %d)",
        rows,
        x,
        gain,
        out.maxRows(),
        out.width());
  }

  static void swiglu(Tensor gateUp, int rows, Activations out) {
    require(
        fits(gateUp, rows, out) && gateUp.cols() == 2 * out.width(),
        "swiglu of %d rows of %s into (%d, %d)",
        rows,
        gateUp,
        out.maxRows(),
        out.width());
  }

  static void copy(Activations activations, int rows, Tensor tensor) {
    require(
        fits(tensor, rows, activations) && tensor.cols() == activations.width(),
        "%d rows between activations (%d, %d) and %s",
        rows,
        activations.maxRows(),
        activations.width(),
        tensor);
  }

  private static boolean fits(Tensor tensor, int rows, Activations activations) {
    return rows >= 0 && rows <= tensor.rows() && rows <= activations.maxRows();
  }

  static void rope(Tensor qkv, List<Slice> slices, int block, Heads heads, float[] frequencies) {
    slices(qkv, slices, block, heads);
    require(
        frequencies.length == heads.size() / 2,
        "%d frequencies for heads of %d values",
        frequencies.length,
        heads.size());
  }

  static void attention(Tensor qkv, List<Slice> slices, int block, Heads heads, Activations out) {
    slices(qkv, slices, block, heads);
    require(
        out.width() == heads.queryHeads() * heads.size(),
        "attention of %s into rows of %d",
        heads,
        out.width());
    for (Slice slice : slices) {
      require(
          slice.firstRow() + slice.rowCount() <= out.maxRows(),
          "attention rows %d..%d into %d rows",
          slice.firstRow(),
          slice.firstRow() + slice.rowCount(),
          out.maxRows());
    }
  }

  private static void slices(Tensor qkv, List<Slice> slices, int block, Heads heads) {
    require(qkv.cols() == heads.qkvWidth(), "queries, keys, values of %s in %s", heads, qkv);
    for (Slice slice : slices) {
      require(
          slice.firstRow() + slice.rowCount() <= qkv.rows(),
          "slice of rows %d..%d in %s",
          slice.firstRow(),
          slice.firstRow() + slice.rowCount(),
          qkv);
      span(slice.own(), block, heads);
      for (Slice.Part part : slice.context()) {
        span(part.span(), block, heads);
      }
    }
  }

  private static void span(KvSpan span, int block, Heads heads) {
    require(
        block >= 0
            && block < span.blocks()
            && span.kvHeads() == heads.kvHeads()
            && span.headSize() == heads.size(),
        "block %d, %s in a span of %d blocks, %d heads of %d",
        block,
        heads,
        span.blocks(),
        span.kvHeads(),
        span.headSize());
  }
}
