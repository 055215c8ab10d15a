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

  /**
   * A part of the work on a task. C2 stops inlining in a method whose graph has grown too large,
   * and every vector that then crosses a call is an object on the heap; the phases are called
   * through this interface, which has too many implementations to be inlined, so each is compiled
   * by itself.
   */
  @FunctionalInterface
  private interface Phase {
    void run(Member mine, Task task, Pass pass);
  }

  /** What a pass over all tasks reads and writes; the forward pass knows {@code kept} only. */
  private record Pass(Kept kept, Matrix dOut, Matrix dQkv) {}

  /** Scratch of one member of the team. */
  private static final class Member implements AutoCloseable {
    final int number;

    /** A number for each row of the task's queries. */
    final float[] rowNumbers;

    final NativeBuffer scores = new NativeBuffer();
    final NativeBuffer gradients = new NativeBuffer();
    final NativeBuffer mixed = new NativeBuffer();
    final NativeBuffer dOut = new NativeBuffer();
    final NativeBuffer dKeys = new NativeBuffer();
    final NativeBuffer dValues = new NativeBuffer();

    Member(int number, int queries) {
      this.number = number;
      this.rowNumbers = new float[queries];
    }

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

  private final Phase[] forward = {
    this::score, this::mask, this::maxima, this::softmax, this::mixValues, this::normalise
  };

  private final Phase[] backward = {
    this::takeGradient,
    this::score,
    this::mask,
    this::scoreGradient,
    this::probabilities,
    this::softmaxBackward,
    this::keyValueGradients,
    this::mixQueryGradients,
    this::turnQueryGradients
  };

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
      members[i] = new Member(i, group * TILE);
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
    workers.split(tree.rows(), 1, (from, to) -> spreadRotated(qkv, from, to, kept));
    workers.split(tree.rows(), 1, (from, to) -> spreadValues(qkv, from, to, kept));
    Pass pass = new Pass(kept, kept.out(), kept.out());
    workers.run((member, all) -> run(forward, member, pass));
  }

  private void run(Phase[] phases, int member, Pass pass) {
    for (Task task : tasks.get(member)) {
      for (Phase phase : phases) {
        phase.run(members[member], task, pass);
      }
    }
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

  /** Queries and keys of some rows of the projection. */
  private void spreadRotated(Matrix qkv, int from, int to, Kept kept) {
    for (int row = from; row < to; row++) {
      for (int head = 0; head < heads.queryHeads() + heads.kvHeads(); head++) {
        int keyHead = head - heads.queryHeads();
        long target =
            keyHead < 0
                ? kept.queries().address(queryRow(row, head), 0)
                : kept.keys().address(keyHead * tree.rows() + row, 0);
        rotate(qkv.address(row, head * size), row, 1, target);
      }
    }
  }

  /** Values of some rows of the projection. */
  private void spreadValues(Matrix qkv, int from, int to, Kept kept) {
    int first = (heads.queryHeads() + heads.kvHeads()) * size;
    for (int row = from; row < to; row++) {
      for (int head = 0; head < heads.kvHeads(); head++) {
        long target = kept.values().address(head * tree.rows() + row, 0);
        TrainingRows.convert(qkv.address(row, first + head * size), size, bf16, target);
      }
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

  private void score(Member mine, Task task, Pass pass) {
    Matrix scores = scores(mine.scores, task);
    score(mine, task, queries(task, pass.kept()), pass.kept().keys(), scores);
  }

  private void score(Member mine, Task task, Matrix queries, Matrix keys, Matrix scores) {
    for (RowTree.Run run : tree.runs(task.tile())) {
      Matrix part = scores.cols(run.column(), run.rows());
      products.multiply(mine.number, queries, run(keys, task, run).transposed(), part, false);
    }
  }

  /** Hides what the rows of a task do not see. */
  private void mask(Member mine, Task task, Pass pass) {
    Matrix scores = scores(mine.scores, task);
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

  /** The greatest scores become the row numbers. */
  private void maxima(Member mine, Task task, Pass pass) {
    Matrix scores = scores(mine.scores, task);
    for (int i = 0; i < scores.rows(); i++) {
      mine.rowNumbers[i] = AttentionRows.max(scores.address(i, 0), task.keys()) * scale;
    }
  }

  /** Exponentials of the scores, without their denominators, which become the row numbers. */
  private void softmax(Member mine, Task task, Pass pass) {
    Matrix scores = scores(mine.scores, task);
    for (int i = 0; i < scores.rows(); i++) {
      long at = scores.address(i, 0);
      float max = mine.rowNumbers[i];
      float sum = AttentionRows.exponentials(at, task.keys(), scale, max, bf16);
      mine.rowNumbers[i] = sum;
      long logSum = pass.kept().logSums().address(head(task, i), row(task, i));
      Lanes.putFloat(logSum, max + (float) Math.log(sum));
    }
  }

  private void mixValues(Member mine, Task task, Pass pass) {
    Matrix mixed = scratch(mine.mixed, Element.F32);
    mix(mine, task, narrowed(scores(mine.scores, task)), pass.kept().values(), mixed);
  }

  private void normalise(Member mine, Task task, Pass pass) {
    Matrix mixed = scratch(mine.mixed, Element.F32);
    for (int i = 0; i < mixed.rows(); i++) {
      long to = pass.kept().out().address(row(task, i), head(task, i) * size);
      AttentionRows.scale(mixed.address(i, 0), 1 / mine.rowNumbers[i], size, bf16, to);
    }
  }

  /** {@code out = weights x}, over all runs. */
  private void mix(Member mine, Task task, Matrix weights, Matrix x, Matrix out) {
    boolean add = false;
    for (RowTree.Run run : tree.runs(task.tile())) {
      Matrix part = weights.cols(run.column(), run.rows());
      products.multiply(mine.number, part, run(x, task, run), out, add);
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
    Pass pass = new Pass(kept, dOut, dQkv);
    workers.run(
        (member, all) -> {
          Member mine = members[member];
          Lanes.zero(keyGradients(mine.dKeys).address(), gradientBytes());
          Lanes.zero(keyGradients(mine.dValues).address(), gradientBytes());
          run(backward, member, pass);
        });
    workers.split(heads.kvHeads() * tree.rows(), 1, this::sumMembers);
    workers.split(tree.rows(), 1, (from, to) -> gatherKeys(from, to, dQkv));
    workers.split(tree.rows(), 1, (from, to) -> gatherValues(from, to, dQkv));
  }

  private long gradientBytes() {
    return 4L * heads.kvHeads() * tree.rows() * size;
  }

  /** A member's sum of the gradients of keys, or of values. */
  private Matrix keyGradients(NativeBuffer buffer) {
    long address = buffer.address(gradientBytes());
    return new Matrix(Element.F32, heads.kvHeads() * tree.rows(), size, size, 1, address);
  }

  /** The gradient of the task's results in one piece; its products with them are row numbers. */
  private void takeGradient(Member mine, Task task, Pass pass) {
    Matrix own = scratch(mine.dOut, element);
    for (int i = 0; i < own.rows(); i++) {
      int col = head(task, i) * size;
      mine.rowNumbers[i] =
          AttentionRows.copyAndDot(
              pass.dOut().address(row(task, i), col),
              pass.kept().out().address(row(task, i), col),
              size,
              bf16,
              own.address(i, 0));
    }
  }

  private void scoreGradient(Member mine, Task task, Pass pass) {
    Matrix own = scratch(mine.dOut, element);
    score(mine, task, own, pass.kept().values(), scores(mine.gradients, task));
  }

  private void probabilities(Member mine, Task task, Pass pass) {
    Matrix scores = scores(mine.scores, task);
    for (int i = 0; i < scores.rows(); i++) {
      float logSum = Lanes.getFloat(pass.kept().logSums().address(head(task, i), row(task, i)));
      AttentionRows.probabilities(scores.address(i, 0), task.keys(), scale, logSum);
    }
  }

  private void softmaxBackward(Member mine, Task task, Pass pass) {
    Matrix scores = scores(mine.scores, task);
    Matrix gradients = scores(mine.gradients, task);
    for (int i = 0; i < scores.rows(); i++) {
      AttentionRows.backward(
          scores.address(i, 0),
          gradients.address(i, 0),
          task.keys(),
          scale,
          mine.rowNumbers[i],
          bf16);
    }
  }

  private void keyValueGradients(Member mine, Task task, Pass pass) {
    Matrix p = narrowed(scores(mine.scores, task));
    Matrix ds = narrowed(scores(mine.gradients, task));
    Matrix own = scratch(mine.dOut, element);
    Matrix queries = queries(task, pass.kept());
    Matrix dKeys = keyGradients(mine.dKeys);
    Matrix dValues = keyGradients(mine.dValues);
    for (RowTree.Run run : tree.runs(task.tile())) {
      Matrix runP = p.cols(run.column(), run.rows()).transposed();
      Matrix runDs = ds.cols(run.column(), run.rows()).transposed();
      products.multiply(mine.number, runP, own, run(dValues, task, run), true);
      products.multiply(mine.number, runDs, queries, run(dKeys, task, run), true);
    }
  }

  private void mixQueryGradients(Member mine, Task task, Pass pass) {
    Matrix dQueries = scratch(mine.mixed, Element.F32);
    mix(mine, task, narrowed(scores(mine.gradients, task)), pass.kept().keys(), dQueries);
  }

  private void turnQueryGradients(Member mine, Task task, Pass pass) {
    Matrix dQueries = scratch(mine.mixed, Element.F32);
    for (int i = 0; i < dQueries.rows(); i++) {
      int row = row(task, i);
      long to = pass.dQkv().address(row, head(task, i) * size);
      rotate(dQueries.address(i, 0), row, -1, to);
    }
  }

  /** Adds what all members found for some keys and values to what the first one found. */
  private void sumMembers(int from, int to) {
    for (int member = 1; member < members.length; member++) {
      for (int i = from; i < to; i++) {
        long at = 4L * i * size;
        Rows.put(
            members[member].dKeys.address(0) + at, size, true, members[0].dKeys.address(0) + at);
        Rows.put(
            members[member].dValues.address(0) + at,
            size,
            true,
            members[0].dValues.address(0) + at);
      }
    }
  }

  private void gatherKeys(int from, int to, Matrix dQkv) {
    for (int row = from; row < to; row++) {
      for (int head = 0; head < heads.kvHeads(); head++) {
        long sum = members[0].dKeys.address(0) + 4L * (head * tree.rows() + row) * size;
        rotate(sum, row, -1, dQkv.address(row, (heads.queryHeads() + head) * size));
      }
    }
  }

  private void gatherValues(int from, int to, Matrix dQkv) {
    int first = (heads.queryHeads() + heads.kvHeads()) * size;
    for (int row = from; row < to; row++) {
      for (int head = 0; head < heads.kvHeads(); head++) {
        long sum = members[0].dValues.address(0) + 4L * (head * tree.rows() + row) * size;
        TrainingRows.convert(sum, size, bf16, dQkv.address(row, first + head * size));
      }
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
