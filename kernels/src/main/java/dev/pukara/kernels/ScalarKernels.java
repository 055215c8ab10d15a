package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Plain loops: the definition of correct, and what runs where nothing faster can. */
final class ScalarKernels implements Kernels {
  private static final List<Precision> PRECISIONS = List.of(Precision.F32);

  private final Workers workers;

  ScalarKernels(Workers workers) {
    this.workers = workers;
  }

  @Override
  public String name() {
    return "scalar";
  }

  @Override
  public Workers workers() {
    return workers;
  }

  @Override
  public List<Precision> precisions() {
    return PRECISIONS;
  }

  @Override
  public Activations activations(Arena arena, int maxRows, int width, Precision precision) {
    Shapes.activations(maxRows, width);
    Shapes.precision(name(), PRECISIONS, precision);
    return F32Activations.allocate(arena, maxRows, width);
  }

  @Override
  public Linear linear(List<Weights> stacked, Precision precision) {
    Shapes.precision(name(), PRECISIONS, precision);
    return new ScalarLinear(stacked, workers);
  }

  @Override
  public void embed(Weights table, int[] ids, Tensor out) {
    Shapes.embed(table, ids, out);
    for (int i = 0; i < ids.length; i++) {
      table.format().decode(table.row(ids[i]), 0, table.cols(), out.segment(), 4L * i * out.cols());
    }
  }

  @Override
  public void rmsNorm(Tensor x, int rows, Tensor gain, float eps, Activations out) {
    Shapes.rmsNorm(x, rows, gain, out);
    Tensor result = F32Activations.rowsOf(out);
    workers.split(
        rows,
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            double squares = 0;
            for (int j = 0; j < x.cols(); j++) {
              squares += (double) x.get(i, j) * x.get(i, j);
            }
            float scale = (float) (1 / Math.sqrt(squares / x.cols() + eps));
            for (int j = 0; j < x.cols(); j++) {
              result.set(i, j, x.get(i, j) * scale * gain.get(0, j));
            }
          }
        });
  }

  @Override
  public void swiglu(Tensor gateUp, int rows, Activations out) {
    Shapes.swiglu(gateUp, rows, out);
    Tensor result = F32Activations.rowsOf(out);
    int width = result.cols();
    workers.split(
        rows,
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            for (int j = 0; j < width; j++) {
              float gate = gateUp.get(i, j);
              float silu = (float) (gate / (1 + Math.exp(-gate)));
              result.set(i, j, silu * gateUp.get(i, width + j));
            }
          }
        });
  }

  @Override
  public void ropeAndStore(
      Tensor qkv, List<Slice> slices, int block, Heads heads, float[] frequencies) {
    Shapes.rope(qkv, slices, block, heads, frequencies);
    for (Slice slice : slices) {
      workers.split(
          slice.rowCount(),
          1,
          (from, to) -> {
            for (int i = from; i < to; i++) {
              ropeAndStoreRow(qkv, slice, i, block, heads, frequencies);
            }
          });
    }
  }

  private static void ropeAndStoreRow(
      Tensor qkv, Slice slice, int i, int block, Heads heads, float[] frequencies) {
    int row = slice.firstRow() + i;
    int size = heads.size();
    int rotated = heads.queryHeads() + heads.kvHeads();
    for (int j = 0; j < size / 2; j++) {
      // The angle in f32, as the models were trained and as other engines compute it.
      float angle = (slice.firstPosition() + i) * frequencies[j];
      float cos = (float) Math.cos(angle);
      float sin = (float) Math.sin(angle);
      for (int head = 0; head < rotated; head++) {
        int first = head * size + j;
        float x = qkv.get(row, first);
        float y = qkv.get(row, first + size / 2);
        qkv.set(row, first, x * cos - y * sin);
        qkv.set(row, first + size / 2, y * cos + x * sin);
      }
    }
    for (int head = 0; head < heads.kvHeads(); head++) {
      int key = (heads.queryHeads() + head) * size;
      int value = key + heads.kvHeads() * size;
      int token = slice.ownStart() + i;
      copy(qkv, row, key, slice.own().keys(block, head), token);
      copy(qkv, row, value, slice.own().values(block, head), token);
    }
  }

  private static void copy(Tensor qkv, int row, int col, Tensor target, int token) {
    int size = target.cols();
    long from = 4L * ((long) row * qkv.cols() + col);
    MemorySegment.copy(qkv.segment(), from, target.segment(), 4L * token * size, 4L * size);
  }

  @Override
  public void attention(Tensor qkv, List<Slice> slices, int block, Heads heads, Activations out) {
    Shapes.attention(qkv, slices, block, heads, out);
    Tensor result = F32Activations.rowsOf(out);
    for (Slice slice : slices) {
      workers.split(
          slice.rowCount() * heads.queryHeads(),
          1,
          (from, to) -> {
            for (int i = from; i < to; i++) {
              int head = i % heads.queryHeads();
              attend(qkv, slice, i / heads.queryHeads(), head, block, heads, result);
            }
          });
    }
  }

  /** One query: row {@code i} of the slice, one head. */
  private static void attend(
      Tensor qkv, Slice slice, int i, int head, int block, Heads heads, Tensor out) {
    int row = slice.firstRow() + i;
    int col = head * heads.size();
    int kvHead = head / (heads.queryHeads() / heads.kvHeads());
    int visible = slice.ownStart() + i + 1;
    float[] scores = new float[slice.contextTokens() + visible];
    int done = 0;
    for (Slice.Part part : slice.context()) {
      score(qkv, row, col, part.span().keys(block, kvHead), part.tokens(), scores, done);
      done += part.tokens();
    }
    score(qkv, row, col, slice.own().keys(block, kvHead), visible, scores, done);
    softmax(scores);
    double[] sums = new double[heads.size()];
    done = 0;
    for (Slice.Part part : slice.context()) {
      mix(scores, done, part.span().values(block, kvHead), part.tokens(), sums);
      done += part.tokens();
    }
    mix(scores, done, slice.own().values(block, kvHead), visible, sums);
    for (int j = 0; j < sums.length; j++) {
      out.set(row, col + j, (float) sums[j]);
    }
  }

  private static void score(
      Tensor qkv, int row, int col, Tensor keys, int tokens, float[] scores, int at) {
    int size = keys.cols();
    for (int token = 0; token < tokens; token++) {
      double sum = 0;
      for (int j = 0; j < size; j++) {
        sum += (double) qkv.get(row, col + j) * keys.get(token, j);
      }
      scores[at + token] = (float) (sum / Math.sqrt(size));
    }
  }

  private static void softmax(float[] scores) {
    float max = Float.NEGATIVE_INFINITY;
    for (float score : scores) {
      max = Math.max(max, score);
    }
    double sum = 0;
    for (int i = 0; i < scores.length; i++) {
      scores[i] = (float) Math.exp(scores[i] - max);
      sum += scores[i];
    }
    for (int i = 0; i < scores.length; i++) {
      scores[i] = (float) (scores[i] / sum);
    }
  }

  private static void mix(float[] weights, int at, Tensor values, int tokens, double[] sums) {
    for (int token = 0; token < tokens; token++) {
      for (int j = 0; j < sums.length; j++) {
        sums[j] += (double) weights[at + token] * values.get(token, j);
      }
    }
  }

  @Override
  public void read(Activations in, int rows, Tensor out) {
    Shapes.copy(in, rows, out);
    Tensor source = F32Activations.rowsOf(in);
    MemorySegment.copy(source.segment(), 0, out.segment(), 0, 4L * rows * out.cols());
  }

  @Override
  public void write(Tensor in, int rows, Activations out) {
    Shapes.copy(out, rows, in);
    Tensor target = F32Activations.rowsOf(out);
    MemorySegment.copy(in.segment(), 0, target.segment(), 0, 4L * rows * in.cols());
  }

  @Override
  public void close() {
    workers.close();
  }
}
