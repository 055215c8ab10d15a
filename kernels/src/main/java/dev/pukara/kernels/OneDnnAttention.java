package dev.pukara.kernels;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Causal grouped-query attention whose two products go through oneDNN, in bf16 where the spans are
 * bf16, else in f32.
 *
 * <p>A task is one KV head and a block of rows of one slice. The query heads that share the KV head
 * are stacked, {@code (rows x group, size)}, which makes the products tall. Keys are taken in tiles
 * of at most {@value #TILE} tokens, so that scores stay in the core's cache; the softmax is carried
 * from tile to tile by its running exponent and sum (as in "FlashAttention", arXiv 2205.14135).
 * Tokens are rounded up to multiples of {@value #STEP}, since products are compiled per size; the
 * weights of what lies behind the end are zero.
 */
final class OneDnnAttention {
  private static final int TILE = 512;
  private static final int STEP = KvSpan.SPARE;

  /** Most rows of stacked queries, give or take a group: more would leave the core's cache. */
  private static final int QUERIES_MAX = 192;

  private final OneDnnProducts products;
  private final Workers workers;
  private final Workspace workspace;
  private final RowMath math;

  OneDnnAttention(OneDnnProducts products, Workers workers, Workspace workspace, RowMath math) {
    this.products = products;
    this.workers = workers;
    this.workspace = workspace;
    this.math = math;
  }

  /** Computes attention for all rows of all slices. */
  void attend(Tensor qkv, List<Slice> slices, int block, Heads heads, StoredRows out) {
    long target =
        out instanceof F32Activations
            ? out.address()
            : workspace.shared(4L * out.maxRows() * out.width());
    List<RowBlock> blocks = new ArrayList<>();
    for (Slice slice : slices) {
      addBlocks(new Job(qkv, block, heads, slice, target, out), slices.size(), blocks);
    }
    List<Task> tasks = tasks(blocks, heads.kvHeads());
    AtomicInteger next = new AtomicInteger();
    workers.run(
        (member, members) -> {
          OneDnn.singleThreaded();
          for (int t = next.getAndIncrement(); t < tasks.size(); t = next.getAndIncrement()) {
            tasks.get(t).run(member);
          }
        });
  }

  /**
   * What slices of up to {@code rowsMax} rows make at first use, when they see {@code tokensMin} to
   * {@code tokensMax} tokens of a span; few tokens first.
   *
   * @param precision of the spans
   */
  List<Preparation> preparations(
      Heads heads, Precision precision, int rowsMax, int tokensMin, int tokensMax) {
    int group = heads.queryHeads() / heads.kvHeads();
    SortedSet<Integer> heights = new TreeSet<>();
    for (int rows = 1; rows <= Math.min(rowsMax, rows(QUERIES_MAX, group)); rows++) {
      heights.add(OneDnnBlocks.roundUp(rows * group));
    }
    SortedSet<Integer> rooms = new TreeSet<>();
    for (int tokens = tokensMin; tokens <= tokensMax; tokens++) {
      if (tokens >= TILE) {
        rooms.add(TILE);
      }
      if (tokens % TILE > 0) {
        rooms.add(room(tokens % TILE));
      }
    }
    List<Preparation> preparations = new ArrayList<>();
    for (int room : rooms) {
      for (int height : heights) {
        preparations.add(products.preparation(scores(precision, height, heads.size(), room)));
        preparations.add(products.preparation(mix(precision, height, room, heads.size())));
      }
    }
    return preparations;
  }

  /** Rows that make {@code queries} stacked queries, {@code group} each. */
  private static int rows(int queries, int group) {
    return (queries + group - 1) / group;
  }

  /** Tokens that products have for {@code tokens} tokens. */
  private static int room(int tokens) {
    return (tokens + STEP - 1) / STEP * STEP;
  }

  /** Queries times keys. */
  private static OneDnnProduct.Shape scores(Precision precision, int height, int size, int tokens) {
    return new OneDnnProduct.Shape(
        precision, OneDnnProduct.Layout.OUTPUT_ROWS, height, size, size, tokens);
  }

  /** Weights times values. */
  private static OneDnnProduct.Shape mix(Precision precision, int height, int tokens, int size) {
    return new OneDnnProduct.Shape(
        precision, OneDnnProduct.Layout.INPUT_ROWS, height, tokens, tokens, size);
  }

  private void addBlocks(Job job, int slices, List<RowBlock> blocks) {
    int all = job.slice.rowCount();
    int columns = slices * job.heads.kvHeads();
    int queries = OneDnnBlocks.size(all * job.group, QUERIES_MAX, columns, workers.members());
    int rows = rows(queries, job.group);
    // The last rows see most, and what takes longest should not come last.
    for (int first = (all - 1) / rows * rows; first >= 0; first -= rows) {
      int count = Math.min(rows, all - first);
      blocks.add(new RowBlock(job, first, count, new AtomicInteger(job.heads.kvHeads())));
    }
  }

  /**
   * As many heads at a time as there are members, so that each stays with one head from block to
   * block: its keys and values then come from the core's cache, also those that slices share.
   */
  private List<Task> tasks(List<RowBlock> blocks, int kvHeads) {
    List<Task> tasks = new ArrayList<>();
    for (int head = 0; head < kvHeads; head += workers.members()) {
      for (RowBlock rows : blocks) {
        for (int h = head; h < Math.min(kvHeads, head + workers.members()); h++) {
          tasks.add(new Task(rows, h));
        }
      }
    }
    return tasks;
  }

  /** A slice and where its queries and results are. */
  private static final class Job {
    final Tensor qkv;
    final int block;
    final Heads heads;
    final Slice slice;

    /** {@code (rows, queryHeads x size)}, f32. */
    final long out;

    /** Where the rows go in the end; f32 rows lie at {@link #out} themselves. */
    final StoredRows stored;

    /** Query heads of a KV head. */
    final int group;

    /** Of the scores, as exponents of two. */
    final float scale;

    final Precision precision;
    final int valueBytes;

    Job(Tensor qkv, int block, Heads heads, Slice slice, long out, StoredRows stored) {
      this.qkv = qkv;
      this.block = block;
      this.heads = heads;
      this.slice = slice;
      this.out = out;
      this.stored = stored;
      group = heads.queryHeads() / heads.kvHeads();
      scale = (float) (1 / Math.sqrt(heads.size()) / Math.log(2));
      precision = slice.own().isBf16() ? Precision.BF16 : Precision.F32;
      valueBytes = slice.own().isBf16() ? Short.BYTES : Float.BYTES;
    }
  }

  /**
   * Rows {@code first..first + count} of a slice.
   *
   * @param headsLeft KV heads of these rows that are not done yet
   */
  private record RowBlock(Job job, int first, int count, AtomicInteger headsLeft) {}

  /** One KV head of a block of rows. */
  private final class Task {
    private final Job job;
    private final int kvHead;
    private final int first;
    private final int rows;
    private final int size;
    private final AtomicInteger headsLeft;

    /** Stacked queries. */
    private final int queries;

    /** The same, rounded up to a compiled number. */
    private final int height;

    /**
     * Of each query: the running exponent, which the weights are relative to, and the running sum
     * of the weights. An integer instead of the maximum itself, so that results do not depend on
     * how the tokens are cut into spans.
     */
    private final int[] exponent;

    private final float[] total;
    private int member;

    /** {@code (height, size)}, in the spans' type. */
    private long query;

    /** {@code (height, tile)}, f32. */
    private long scores;

    /** {@code (height, tile)}, in the spans' type. */
    private long weights;

    /** {@code (height, size)}, f32: what one tile adds. */
    private long mixed;

    /** {@code (height, size)}, f32: sum over the tiles. */
    private long sums;

    Task(RowBlock block, int kvHead) {
      this.job = block.job();
      this.kvHead = kvHead;
      this.first = block.first();
      this.rows = block.count();
      this.headsLeft = block.headsLeft();
      size = job.heads.size();
      queries = rows * job.group;
      height = OneDnnBlocks.roundUp(queries);
      exponent = new int[queries];
      total = new float[queries];
    }

    void run(int runningMember) {
      member = runningMember;
      allocate();
      loadQueries();
      boolean fresh = true;
      for (Slice.Part part : job.slice.context()) {
        for (int at = 0; at < part.tokens(); at += TILE) {
          int tokens = Math.min(TILE, part.tokens() - at);
          add(part.span(), at, tokens, tokens, fresh);
          fresh = false;
        }
      }
      int seen = job.slice.ownStart() + first + 1; // by the first row
      int end = seen + rows - 1;
      for (int at = 0; at < end; at += TILE) {
        add(job.slice.own(), at, Math.min(TILE, end - at), seen - at, fresh);
        fresh = false;
      }
      storeResults();
      if (headsLeft.decrementAndGet() == 0 && !(job.stored instanceof F32Activations)) {
        storeRows();
      }
    }

    private void allocate() {
      long perHead = Workspace.aligned((long) height * size * Float.BYTES);
      long perTile = Workspace.aligned((long) height * TILE * Float.BYTES);
      query = workspace.own(member, 3 * perHead + 2 * perTile);
      scores = query + perHead;
      weights = scores + perTile;
      mixed = weights + perTile;
      sums = mixed + perHead;
    }

    private void loadQueries() {
      int width = job.group * size; // the heads of a group lie beside each other
      for (int i = 0; i < rows; i++) {
        long row = (long) (job.slice.firstRow() + first + i) * job.qkv.cols();
        long from = job.qkv.address() + 4 * (row + kvHead * width);
        long to = query + (long) i * width * job.valueBytes;
        if (job.precision == Precision.BF16) {
          math.toBf16(from, width, to);
        } else {
          math.scale(from, 1, width, to, false);
        }
      }
    }

    /**
     * Adds {@code tokens} tokens of a span, of which row {@code r} of the task sees the first
     * {@code seen + r}.
     *
     * @param fresh true if nothing has been added before
     */
    private void add(KvSpan span, int from, int tokens, int seen, boolean fresh) {
      int room = room(tokens);
      long skip = (long) from * span.tokenBytes();
      products.run(
          member,
          scores(job.precision, height, size, room),
          query,
          span.keyAddress(job.block, kvHead) + skip,
          0,
          scores);
      for (int i = 0; i < queries; i++) {
        int visible = Math.clamp((long) seen + i / job.group, 0, tokens);
        weigh(i, visible, room, fresh);
      }
      long target = fresh ? sums : mixed;
      products.run(
          member,
          mix(job.precision, height, room, size),
          weights,
          span.valueAddress(job.block, kvHead) + skip,
          0,
          target);
      if (!fresh) {
        math.scale(mixed, 1, queries * size, sums, true);
      }
    }

    /**
     * Turns the scores of query {@code i} into weights and brings its running values up to date.
     */
    private void weigh(int i, int visible, int room, boolean fresh) {
      long row = scores + 4L * i * room;
      long out = weights + (long) i * room * job.valueBytes;
      if (fresh || visible > 0) {
        int highest = (int) Math.ceil(math.max(row, visible) * job.scale);
        if (fresh) {
          exponent[i] = highest;
        } else if (highest > exponent[i]) {
          float factor = Math.scalb(1f, exponent[i] - highest);
          total[i] *= factor;
          math.scale(sums + 4L * i * size, factor, size, sums + 4L * i * size, false);
          exponent[i] = highest;
        }
      }
      boolean bf16 = job.precision == Precision.BF16;
      total[i] += math.powers(row, visible, room, job.scale, exponent[i], bf16, out);
    }

    private void storeResults() {
      for (int i = 0; i < queries; i++) {
        int row = job.slice.firstRow() + first + i / job.group;
        int head = kvHead * job.group + i % job.group;
        long to = job.out + 4L * ((long) row * job.heads.queryHeads() + head) * size;
        math.scale(sums + 4L * i * size, 1 / total[i], size, to, false);
      }
    }

    /** Quantises the rows, which are complete and still in a cache. */
    private void storeRows() {
      for (int i = 0; i < rows; i++) {
        int row = job.slice.firstRow() + first + i;
        job.stored.put(row, job.out + 4L * row * job.stored.width(), math);
      }
    }
  }
}
