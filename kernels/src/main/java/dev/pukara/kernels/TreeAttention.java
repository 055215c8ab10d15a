package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Rotary embedding and grouped-query attention over a {@link RowTree}, forward and backward.
 *
 * <p>A task is one KV head times one tile of query rows: the queries of all its heads lie one below
 * the other, {@code (group * TILE, size)}, and meet the keys of all tiles that they see in one
 * product. Scores stay in the cache of the core and are not kept: the backward pass computes them
 * again from queries, keys and the logarithm of the softmax's denominator, as FlashAttention does
 * (arXiv 2205.14135).
 *
 * <p>Tasks are dealt out to the workers by size, always in the same way, and each worker sums the
 * gradients of keys and values for itself: results are the same in every run with as many workers.
 *
 * <p>Threads: an instance is used by one thread at a time.
 */
public final class TreeAttention implements AutoCloseable {
  /**
   * Rows of scores are padded: at a power of two all of them would meet in one set of the cache.
   */
  private static final int SKEW = 16;

  private static final int TILE = RowTree.TILE;

  /**
   * What the forward pass of one block leaves for the backward pass.
   *
   * @param queries {@code (kvHeads, tiles, group, TILE, size)}, rotated
   * @param keys {@code (kvHeads, rows, size)}, rotated
   * @param values {@code (kvHeads, rows, size)}
   * @param out {@code (rows, queryHeads * size)}: the result
   * @param logSums {@code (queryHeads, rows)}, f32: logarithms of the softmaxes' denominators
   */
  public record Kept(Matrix queries, Matrix keys, Matrix values, Matrix out, Matrix logSums) {
    /** Makes room for {@code rows} rows. */
    public static Kept allocate(Arena arena, Heads heads, Element element, int rows) {
      int kv = heads.kvHeads() * rows;
      return new Kept(
          Matrix.allocate(arena, element, heads.queryHeads() * rows, heads.size()),
          Matrix.allocate(arena, element, kv, heads.size()),
          Matrix.allocate(arena, element, kv, heads.size()),
          Matrix.allocate(arena, element, rows, heads.queryHeads() * heads.size()),
          Matrix.allocate(arena, Element.F32, heads.queryHeads(), rows));
    }
  }

  /** One KV head, one tile of query rows. */
  private record Task(int kvHead, int tile, int keys) {}

  /** Scratch of one member of the team. */
  private static final class Member implements AutoCloseable {
    final NativeBuffer scores = new NativeBuffer();
    final NativeBuffer gradients = new NativeBuffer();
    final NativeBuffer mixed = new NativeBuffer();
    final NativeBuffer dOut = new NativeBuffer();
    final NativeBuffer dKeys = new NativeBuffer();
    final NativeBuffer dValues = new NativeBuffer();

    @Override
    public void close() {
      for (NativeBuffer buffer : List.of(scores, gradients, mixed, dOut, dKeys, dValues)) {
        buffer.close();
      }
    }
  }

  private final MatrixProducts products;
  private final Workers workers;
  private final Heads heads;
  private final Element element;
  private final boolean bf16;
  private final int group;
  private final int size;
  private final float scale;
  private final Member[] members;
  private final NativeBuffer angles = new NativeBuffer();
  private final NativeBuffer intervals = new NativeBuffer();

  private RowTree tree = new RowTree(new int[0], new int[0]);
  private final List<List<Task>> tasks = new ArrayList<>();
  private long cosines;
  private long sines;
  private long seenUntil;

  /** Attention of this shape, with products of {@code element}s. */
  public TreeAttention(MatrixProducts products, Workers workers, Heads heads, Element element) {
    this.products = products;
    this.workers = workers;
    this.heads = heads;
    this.element = element;
    this.bf16 = element == Element.BF16;
    this.group = heads.queryHeads() / heads.kvHeads();
    this.size = heads.size();
    this.scale = (float) (1 / Math.sqrt(heads.size()));
    members = new Member[workers.members()];
    for (int i = 0; i < members.length; i++) {
      members[i] = new Member();
    }
  }

  /** Prepares for a batch: angles of the positions, and who does what. */
  public void begin(RowTree tree, float[] frequencies) {
    require(frequencies.length == size / 2, "%d frequencies for %s", frequencies.length, heads);
    this.tree = tree;
    int half = size / 2;
    long table = 4L * tree.rows() * half;
    cosines = angles.address(2 * table);
    sines = cosines + table;
    seenUntil = intervals.address(4L * tree.rows());
    workers.split(
        tree.rows(),
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            Lanes.putInt(seenUntil + 4L * i, tree.seenUntil(i));
            for (int j = 0; j < half; j++) {
              // The angle in f32, as the engine's kernels compute it.
              float angle = tree.position(i) * frequencies[j];
              Lanes.putFloat(cosines + 4L * (i * half + j), (float) Math.cos(angle));
              Lanes.putFloat(sines + 4L * (i * half + j), (float) Math.sin(angle));
            }
          }
        });
    deal();
  }

  /** Gives each member tasks of about the same size: the next largest to who has least. */
  private void deal() {
    List<Task> all = new ArrayList<>();
    for (int kvHead = 0; kvHead < heads.kvHeads(); kvHead++) {
      for (int tile = 0; tile < tree.tiles(); tile++) {
        all.add(new Task(kvHead, tile, tree.keys(tile)));
      }
    }
    all.sort(Comparator.comparingInt(Task::keys).reversed());
    tasks.clear();
    long[] load = new long[members.length];
    for (int i = 0; i < members.length; i++) {
      tasks.add(new ArrayList<>());
    }
    for (Task task : all) {
      int least = 0;
      for (int i = 1; i < load.length; i++) {
        least = load[i] < load[least] ? i : least;
      }
      load[least] += task.keys() + TILE;
      tasks.get(least).add(task);
    }
  }

  private static void require(boolean condition, String format, Object... arguments) {
    Shapes.require(condition, format, arguments);
  }

  private void requireShapes(Matrix qkv, Kept kept) {
    require(
        qkv.rows() == tree.rows()
            && qkv.cols() == heads.qkvWidth()
            && qkv.colStep() == 1
            && kept.out().rows() == tree.rows()
            && kept.out().cols() == heads.queryHeads() * size
            && kept.out().element() == element
            && kept.queries().rows() == heads.queryHeads() * tree.rows()
            && kept.queries().element() == element,
        "attention of %s, %s, over a tree of %d rows, into %s",
        heads,
        qkv,
        tree.rows(),
        kept);
  }

  /**
   * Rotates queries and keys and attends; the result is {@code kept.out()}.
   *
   * @param qkv {@code (rows, heads.qkvWidth())}, f32: queries, keys, values
   */
  public void forward(Matrix qkv, Kept kept) {
    requireShapes(qkv, kept);
    workers.split(
        tree.rows(),
        1,
        (from, to) -> {
          for (int row = from; row < to; row++) {
            spread(qkv, row, kept);
          }
        });
    workers.run(
        (member, all) -> {
          for (Task task : tasks.get(member)) {
            attend(member, task, kept);
          }
        });
  }

  private long cos(int row) {
    return cosines + 4L * row * (size / 2);
  }

  private long sin(int row) {
    return sines + 4L * row * (size / 2);
  }

  /** Row of {@code queries} that holds a query. */
  private int queryRow(int row, int head) {
    int tile = row / TILE;
    int block = (head / group * tree.tiles() + tile) * group + head % group;
    return block * TILE + row % TILE;
  }

  /** Takes one row of the projection apart. */
  private void spread(Matrix qkv, int row, Kept kept) {
    for (int head = 0; head < heads.queryHeads(); head++) {
      long to = kept.queries().address(queryRow(row, head), 0);
      rotate(qkv.address(row, head * size), row, 1, to);
    }
    for (int head = 0; head < heads.kvHeads(); head++) {
      int key = (heads.queryHeads() + head) * size;
      int value = key + heads.kvHeads() * size;
      rotate(qkv.address(row, key), row, 1, kept.keys().address(head * tree.rows() + row, 0));
      long to = kept.values().address(head * tree.rows() + row, 0);
      TrainingRows.convert(qkv.address(row, value), size, bf16, to);
    }
  }

  private void rotate(long x, int row, float direction, long to) {
    AttentionRows.rotate(x, size / 2, cos(row), sin(row), direction, bf16, to);
  }

  /** The queries of a task, {@code (group * TILE, size)}. */
  private Matrix queries(Task task, Kept kept) {
    int first = (task.kvHead() * tree.tiles() + task.tile()) * group * TILE;
    return kept.queries().rows(first, group * TILE);
  }

  /** The rows of a run in keys or values, or in their gradients. */
  private Matrix run(Matrix all, Task task, RowTree.Run run) {
    return all.rows(task.kvHead() * tree.rows() + run.firstRow(), run.rows());
  }

  /** Scratch {@code (group * TILE, keys)}, f32; with few different steps, so few shapes. */
  private Matrix scores(NativeBuffer buffer, Task task) {
    long step = (task.keys() + 255L) / 256 * 256 + SKEW;
    int rows = group * TILE;
    return new Matrix(Element.F32, rows, task.keys(), step, 1, buffer.address(4 * step * rows));
  }

  /** The same memory once the values have become {@code element}s. */
  private Matrix narrowed(Matrix scores) {
    return new Matrix(
        element,
        scores.rows(),
        scores.cols(),
        scores.rowStep() * 4 / element.bytes(),
        1,
        scores.address());
  }

  private Matrix scratch(NativeBuffer buffer, Element of) {
    long bytes = (long) of.bytes() * group * TILE * size;
    return new Matrix(of, group * TILE, size, size, 1, buffer.address(bytes));
  }

  private void score(int member, Task task, Matrix queries, Matrix keys, Matrix scores) {
    for (RowTree.Run run : tree.runs(task.tile())) {
      Matrix part = scores.cols(run.column(), run.rows());
      products.multiply(member, queries, run(keys, task, run).transposed(), part, false);
    }
  }

  /** Hides what the rows of a task do not see. */
  private void mask(Task task, Matrix scores) {
    for (RowTree.Run run : tree.runs(task.tile())) {
      for (int i = 0; i < run.tiles(); i++) {
        int key = run.firstTile() + i;
        if (!tree.whole(task.tile(), key)) {
          for (int row = 0; row < scores.rows(); row++) {
            AttentionRows.mask(
                scores.address(row, run.column() + i * TILE),
                task.tile() * TILE + row % TILE,
                key * TILE,
                seenUntil);
          }
        }
      }
    }
  }

  private void attend(int member, Task task, Kept kept) {
    Member mine = members[member];
    Matrix scores = scores(mine.scores, task);
    score(member, task, queries(task, kept), kept.keys(), scores);
    mask(task, scores);
    float[] sums = new float[scores.rows()];
    for (int i = 0; i < scores.rows(); i++) {
      long at = scores.address(i, 0);
      float max = AttentionRows.max(at, task.keys()) * scale;
      sums[i] = AttentionRows.exponentials(at, task.keys(), scale, max, bf16);
      long logSum = kept.logSums().address(head(task, i), row(task, i));
      Lanes.putFloat(logSum, max + (float) Math.log(sums[i]));
    }
    Matrix mixed = scratch(mine.mixed, Element.F32);
    mix(member, task, narrowed(scores), kept.values(), mixed);
    for (int i = 0; i < scores.rows(); i++) {
      long to = kept.out().address(row(task, i), head(task, i) * size);
      AttentionRows.scale(mixed.address(i, 0), 1 / sums[i], size, bf16, to);
    }
  }

  /** {@code out = weights x}, over all runs. */
  private void mix(int member, Task task, Matrix weights, Matrix x, Matrix out) {
    boolean add = false;
    for (RowTree.Run run : tree.runs(task.tile())) {
      Matrix part = weights.cols(run.column(), run.rows());
      products.multiply(member, part, run(x, task, run), out, add);
      add = true;
    }
  }

  /** Query head of row {@code i} of a task's queries. */
  private int head(Task task, int i) {
    return task.kvHead() * group + i / TILE;
  }

  /** Row of the batch of row {@code i} of a task's queries. */
  private static int row(Task task, int i) {
    return task.tile() * TILE + i % TILE;
  }

  /**
   * The way back.
   *
   * @param dOut gradient of {@code kept.out()}, of its shape and element
   * @param dQkv takes the gradient of {@code qkv}, before the rotation; of the same element
   */
  public void backward(Matrix dOut, Kept kept, Matrix dQkv) {
    requireShapes(dQkv, kept);
    require(
        dOut.rows() == tree.rows()
            && dOut.cols() == kept.out().cols()
            && dOut.element() == element
            && dQkv.element() == element
            && dOut.colStep() == 1,
        "attention's gradient %s into %s",
        dOut,
        dQkv);
    int kvRows = heads.kvHeads() * tree.rows();
    workers.run(
        (member, all) -> {
          Member mine = members[member];
          long bytes = 4L * kvRows * size;
          Matrix dKeys = new Matrix(Element.F32, kvRows, size, size, 1, mine.dKeys.address(bytes));
          Matrix dValues =
              new Matrix(Element.F32, kvRows, size, size, 1, mine.dValues.address(bytes));
          Lanes.zero(dKeys.address(), bytes);
          Lanes.zero(dValues.address(), bytes);
          for (Task task : tasks.get(member)) {
            attendBackward(member, task, dOut, kept, dQkv, dKeys, dValues);
          }
        });
    workers.split(
        tree.rows(),
        1,
        (from, to) -> {
          for (int row = from; row < to; row++) {
            gather(row, dQkv);
          }
        });
  }

  private void attendBackward(
      int member, Task task, Matrix dOut, Kept kept, Matrix dQkv, Matrix dKeys, Matrix dValues) {
    Member mine = members[member];
    Matrix queries = queries(task, kept);
    Matrix own = scratch(mine.dOut, element);
    float[] means = new float[own.rows()];
    for (int i = 0; i < own.rows(); i++) {
      int col = head(task, i) * size;
      means[i] =
          AttentionRows.copyAndDot(
              dOut.address(row(task, i), col),
              kept.out().address(row(task, i), col),
              size,
              bf16,
              own.address(i, 0));
    }
    Matrix scores = scores(mine.scores, task);
    Matrix gradients = scores(mine.gradients, task);
    score(member, task, queries, kept.keys(), scores);
    mask(task, scores);
    score(member, task, own, kept.values(), gradients);
    for (int i = 0; i < scores.rows(); i++) {
      float logSum = Lanes.getFloat(kept.logSums().address(head(task, i), row(task, i)));
      AttentionRows.backward(
          scores.address(i, 0),
          gradients.address(i, 0),
          task.keys(),
          scale,
          logSum,
          means[i],
          bf16);
    }
    Matrix p = narrowed(scores);
    Matrix ds = narrowed(gradients);
    for (RowTree.Run run : tree.runs(task.tile())) {
      Matrix runP = p.cols(run.column(), run.rows()).transposed();
      Matrix runDs = ds.cols(run.column(), run.rows()).transposed();
      products.multiply(member, runP, own, run(dValues, task, run), true);
      products.multiply(member, runDs, queries, run(dKeys, task, run), true);
    }
    Matrix dQueries = scratch(mine.mixed, Element.F32);
    mix(member, task, ds, kept.keys(), dQueries);
    for (int i = 0; i < dQueries.rows(); i++) {
      int row = row(task, i);
      rotate(dQueries.address(i, 0), row, -1, dQkv.address(row, head(task, i) * size));
    }
  }

  /** Sums what the members found for the keys and values of a row. */
  private void gather(int row, Matrix dQkv) {
    for (int head = 0; head < heads.kvHeads(); head++) {
      long at = 4L * (head * tree.rows() + row) * size;
      long dKey = members[0].dKeys.address(0) + at;
      long dValue = members[0].dValues.address(0) + at;
      for (int member = 1; member < members.length; member++) {
        Rows.put(members[member].dKeys.address(0) + at, size, true, dKey);
        Rows.put(members[member].dValues.address(0) + at, size, true, dValue);
      }
      int key = (heads.queryHeads() + head) * size;
      rotate(dKey, row, -1, dQkv.address(row, key));
      int value = key + heads.kvHeads() * size;
      TrainingRows.convert(dValue, size, bf16, dQkv.address(row, value));
    }
  }

  @Override
  public void close() {
    for (Member member : members) {
      member.close();
    }
    angles.close();
    intervals.close();
  }
}
