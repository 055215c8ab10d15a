package dev.pukara.kernels;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Causal grouped-query attention whose two products go through oneDNN, in bf16 where the spans are
 * bf16, else in f32.
 *
 * <p>A task is one KV head and a block of rows of one slice. The query heads that share the KV head
 * are stacked, {@code (rows x group, size)}, which makes the products tall. Keys are taken in tiles
 * of at most {@value #TILE} tokens, so that scores stay in the core's cache; the softmax is carried
 * from tile to tile by its running maximum and sum (as in "FlashAttention", arXiv 2205.14135).
 * Tokens are rounded up to multiples of {@value #STEP}, since products are compiled per size; the
 * weights of what lies behind the end are zero.
 */
final class OneDnnAttention implements AutoCloseable {
  private static final int TILE = 512;
  private static final int STEP = KvSpan.SPARE;

  /** Rows of the stacked queries to aim at. */
  private static final int QUERIES = 128;

  private final OneDnnProducts products;
  private final Workers workers;
  private final RowMath math;
  private final Scratch[] scratch;

  /** Attention output, {@code (rows, queryHeads * size)}, f32. */
  private final NativeBuffer attended = new NativeBuffer();

  OneDnnAttention(OneDnnProducts products, Workers workers, RowMath math) {
    this.products = products;
    this.workers = workers;
    this.math = math;
    scratch = new Scratch[workers.members()];
    for (int i = 0; i < scratch.length; i++) {
      scratch[i] = new Scratch();
    }
  }

  /** Buffers of one thread. */
  private static final class Scratch {
    /** {@code (queries, size)}. */
    final NativeBuffer queries = new NativeBuffer();

    /** {@code (queries, tile)}, f32. */
    final NativeBuffer scores = new NativeBuffer();

    /** {@code (queries, tile)}. */
    final NativeBuffer weights = new NativeBuffer();

    /** {@code (queries, size)}, f32: what one tile adds. */
    final NativeBuffer mixed = new NativeBuffer();

    /** {@code (queries, size)}, f32: sum over the tiles. */
    final NativeBuffer sums = new NativeBuffer();

    /** Running maximum of the scores, per query. */
    float[] max = new float[0];

    /** Running sum of the weights, per query. */
    float[] total = new float[0];

    void close() {
      for (NativeBuffer buffer : List.of(queries, scores, weights, mixed, sums)) {
        buffer.close();
      }
    }
  }

  /** What one call works on. */
  private record Job(Tensor qkv, int block, Heads heads, long out) {
    int group() {
      return heads.queryHeads() / heads.kvHeads();
    }

    float scale() {
      return (float) (1 / Math.sqrt(heads.size()));
    }

    /** Address of the queries of head {@code head} in row {@code row}. */
    long query(int row, int head) {
      return qkv.address() + 4L * ((long) row * qkv.cols() + head * heads.size());
    }

    /** Address of the output of head {@code head} in row {@code row}. */
    long out(int row, int head) {
      return out + 4L * ((long) row * heads.queryHeads() + head) * heads.size();
    }
  }

  /** Rows {@code first..first + rows} of a slice, one KV head. */
  private record Task(Slice slice, int kvHead, int first, int rows) {}

  /** Some tokens of a span that are together one tile. */
  private record Tile(KvSpan span, int first, int tokens) {
    int rounded() {
      return (tokens + STEP - 1) / STEP * STEP;
    }
  }

  /** Computes attention for all rows of all slices. */
  void attend(Tensor qkv, List<Slice> slices, int block, Heads heads, StoredRows out) {
    boolean direct = out instanceof F32Activations;
    long target = direct ? out.address() : attended.address(4L * out.maxRows() * out.width());
    Job job = new Job(qkv, block, heads, target);
    List<Task> tasks = tasks(job, slices);
    AtomicInteger next = new AtomicInteger();
    workers.run(
        (index, members) -> {
          OneDnn.singleThreaded();
          for (int t = next.getAndIncrement(); t < tasks.size(); t = next.getAndIncrement()) {
            attend(job, tasks.get(t), products.member(index), scratch[index]);
          }
        });
    if (!direct) {
      for (Slice slice : slices) {
        workers.split(
            slice.rowCount(),
            1,
            (from, to) -> {
              for (int i = slice.firstRow() + from; i < slice.firstRow() + to; i++) {
                out.put(i, job.out(i, 0), math);
              }
            });
      }
    }
  }

  private List<Task> tasks(Job job, List<Slice> slices) {
    int rows = Math.max(1, QUERIES / job.group() / 8 * 8);
    List<Task> tasks = new ArrayList<>();
    for (Slice slice : slices) {
      // The last rows see most, and what takes longest should not come last.
      for (int first = (slice.rowCount() - 1) / rows * rows; first >= 0; first -= rows) {
        int count = Math.min(rows, slice.rowCount() - first);
        for (int head = 0; head < job.heads().kvHeads(); head++) {
          tasks.add(new Task(slice, head, first, count));
        }
      }
    }
    return tasks;
  }

  private void attend(Job job, Task task, OneDnnProducts.Member member, Scratch my) {
    int queries = task.rows() * job.group();
    int size = job.heads().size();
    if (my.max.length < queries) {
      my.max = new float[queries];
      my.total = new float[queries];
    }
    boolean bf16 = task.slice().own().isBf16();
    loadQueries(job, task, bf16, my);
    boolean first = true;
    for (Slice.Part part : task.slice().context()) {
      for (int at = 0; at < part.tokens(); at += TILE) {
        Tile tile = new Tile(part.span(), at, Math.min(TILE, part.tokens() - at));
        attend(job, task, tile, Integer.MAX_VALUE / 2, first, member, my);
        first = false;
      }
    }
    int seen = task.slice().ownStart() + task.first() + 1; // by the first row
    int tokens = seen + task.rows() - 1;
    for (int at = 0; at < tokens; at += TILE) {
      Tile tile = new Tile(task.slice().own(), at, Math.min(TILE, tokens - at));
      attend(job, task, tile, seen - at, first, member, my);
      first = false;
    }
    for (int i = 0; i < queries; i++) {
      int row = task.slice().firstRow() + task.first() + i / job.group();
      int head = task.kvHead() * job.group() + i % job.group();
      long sum = my.sums.address(0) + 4L * i * size;
      math.scale(sum, 1 / my.total[i], size, job.out(row, head), false);
    }
  }

  private void loadQueries(Job job, Task task, boolean bf16, Scratch my) {
    int size = job.heads().size();
    int rows = OneDnnBlocks.roundUp(task.rows() * job.group());
    long to = my.queries.address(4L * rows * size);
    for (int i = 0; i < task.rows(); i++) {
      int row = task.slice().firstRow() + task.first() + i;
      long from = job.query(row, task.kvHead() * job.group());
      int count = job.group() * size; // the heads of a group lie beside each other
      if (bf16) {
        math.toBf16(from, count, to + 2L * i * count);
      } else {
        math.scale(from, 1, count, to + 4L * i * count, false);
      }
    }
  }

  /**
   * Adds one tile. Row {@code r} of the task sees {@code seen + r} of its tokens.
   *
   * @param first true if nothing has been added before
   */
  private void attend(
      Job job,
      Task task,
      Tile tile,
      int seen,
      boolean first,
      OneDnnProducts.Member member,
      Scratch my) {
    int size = job.heads().size();
    int queries = task.rows() * job.group();
    int rows = OneDnnBlocks.roundUp(queries);
    int tokens = tile.rounded();
    boolean bf16 = tile.span().isBf16();
    Precision precision = bf16 ? Precision.BF16 : Precision.F32;
    long skip = (long) tile.first() * tile.span().tokenBytes();
    long scores = my.scores.address(4L * rows * TILE);
    run(
        new OneDnnProduct.Shape(
            precision, OneDnnProduct.Layout.OUTPUT_ROWS, rows, size, size, tokens),
        member,
        my.queries.address(0),
        tile.span().keyAddress(job.block(), task.kvHead()) + skip,
        scores);
    long weights = my.weights.address(4L * rows * TILE);
    long sums = my.sums.address(4L * rows * size);
    int rowBytes = (bf16 ? 2 : 4) * tokens;
    for (int i = 0; i < queries; i++) {
      int visible = Math.clamp(seen + i / job.group(), 0, tile.tokens());
      long row = scores + 4L * i * tokens;
      long out = weights + (long) i * rowBytes;
      weigh(row, visible, tokens, job.scale(), bf16, out, first, i, sums + 4L * i * size, size, my);
    }
    long mixed = first ? sums : my.mixed.address(4L * rows * size);
    run(
        new OneDnnProduct.Shape(
            precision, OneDnnProduct.Layout.INPUT_ROWS, rows, tokens, tokens, size),
        member,
        weights,
        tile.span().valueAddress(job.block(), task.kvHead()) + skip,
        mixed);
    if (!first) {
      math.fold(sums, 1, mixed, queries * size);
    }
  }

  /** Turns the scores of query {@code i} into weights and brings its running values up to date. */
  private void weigh(
      long scores,
      int visible,
      int room,
      float scale,
      boolean bf16,
      long out,
      boolean first,
      int i,
      long sum,
      int size,
      Scratch my) {
    if (visible == 0) {
      NativeBuffer.view(out, (bf16 ? 2L : 4L) * room).fill((byte) 0);
      return;
    }
    float max = math.max(scores, visible);
    if (!first) {
      float old = my.max[i];
      max = Math.max(max, old);
      if (max > old) {
        float factor = (float) Math.exp((old - max) * scale);
        my.total[i] *= factor;
        math.scale(sum, factor, size, sum, false);
      }
    } else {
      my.total[i] = 0;
    }
    my.max[i] = max;
    my.total[i] += math.exponentials(scores, visible, room, max, scale, bf16, out);
  }

  private void run(
      OneDnnProduct.Shape shape,
      OneDnnProducts.Member member,
      long source,
      long weights,
      long target) {
    OneDnnProduct product = products.get(shape);
    long own = member.scratch.address(product.scratchBytes());
    member.call(product).run(source, weights, 0, 0, own, target);
  }

  @Override
  public void close() {
    for (Scratch my : scratch) {
      my.close();
    }
    attended.close();
  }
}
