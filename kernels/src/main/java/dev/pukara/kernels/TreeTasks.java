package dev.pukara.kernels;

import dev.pukara.kernels.TreeAttention.Kept;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What the two directions of {@link TreeAttention} have in common: tasks and who does them, scratch
 * memory, where rows of heads lie, angles, and products over all runs of keys that a task sees.
 */
final class TreeTasks implements AutoCloseable {
  /**
   * Rows of scores are padded: at a power of two all of them would meet in one set of the cache.
   */
  private static final int SKEW = 16;

  static final int TILE = RowTree.TILE;

  /** One KV head, one tile of query rows. */
  record Task(int kvHead, int tile, int keys) {}

  /**
   * A part of the work on a task. C2 stops inlining in a method whose graph has grown too large,
   * and every vector that then crosses a call is an object on the heap; the phases are called
   * through this interface, which has too many implementations to be inlined, so each is compiled
   * by itself.
   */
  @FunctionalInterface
  interface Phase {
    void run(Member mine, Task task, Pass pass);
  }

  /** What a pass over all tasks reads and writes; the forward pass knows {@code kept} only. */
  record Pass(Kept kept, Matrix dOut, Matrix dQkv) {}

  /** Scratch of one member of the team. */
  static final class Member implements AutoCloseable {
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

  final Workers workers;
  final Heads heads;
  final Element element;
  final boolean bf16;
  final int group;
  final int size;
  final float scale;

  private final MatrixProducts products;
  private final Member[] members;
  private final NativeBuffer angles = new NativeBuffer();
  private final NativeBuffer intervals = new NativeBuffer();
  private final List<List<Task>> tasks = new ArrayList<>();

  private RowTree tree = new RowTree(new int[0], new int[0]);
  private long cosines;
  private long sines;
  private long seenUntil;

  TreeTasks(MatrixProducts products, Workers workers, Heads heads, Element element) {
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
  void begin(RowTree tree, float[] frequencies) {
    Shapes.require(
        frequencies.length == size / 2, "%d frequencies for %s", frequencies.length, heads);
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

  RowTree tree() {
    return tree;
  }

  Member member(int number) {
    return members[number];
  }

  /** The members of the team, first to last. */
  List<Member> members() {
    return List.of(members);
  }

  /** A member's tasks, phase by phase. */
  void run(Phase[] phases, int member, Pass pass) {
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

  /** A head's row, turned by the angles of a row's position; back, where the direction is -1. */
  void rotate(long x, int row, float direction, long to) {
    AttentionRows.rotate(x, size / 2, cos(row), sin(row), direction, bf16, to);
  }

  /** Row of {@code queries} that holds a query. */
  int queryRow(int row, int head) {
    int tile = row / TILE;
    int block = (head / group * tree.tiles() + tile) * group + head % group;
    return block * TILE + row % TILE;
  }

  /** The queries of a task, {@code (group * TILE, size)}. */
  Matrix queries(Task task, Kept kept) {
    int first = (task.kvHead() * tree.tiles() + task.tile()) * group * TILE;
    return kept.queries().rows(first, group * TILE);
  }

  /** The rows of a run in keys or values, or in their gradients. */
  Matrix run(Matrix all, Task task, RowTree.Run run) {
    return all.rows(task.kvHead() * tree.rows() + run.firstRow(), run.rows());
  }

  /** Scratch {@code (group * TILE, keys)}, f32; with few different steps, so few shapes. */
  Matrix scores(NativeBuffer buffer, Task task) {
    long step = (task.keys() + 255L) / 256 * 256 + SKEW;
    int rows = group * TILE;
    return new Matrix(Element.F32, rows, task.keys(), step, 1, buffer.address(4 * step * rows));
  }

  /** The same memory once the values have become {@code element}s. */
  Matrix narrowed(Matrix scores) {
    return new Matrix(
        element,
        scores.rows(),
        scores.cols(),
        scores.rowStep() * 4 / element.bytes(),
        1,
        scores.address());
  }

  /** Scratch {@code (group * TILE, size)}. */
  Matrix scratch(NativeBuffer buffer, Element of) {
    long bytes = (long) of.bytes() * group * TILE * size;
    return new Matrix(of, group * TILE, size, size, 1, buffer.address(bytes));
  }

  /** Scores of a task's queries with all keys that it sees. */
  void score(Member mine, Task task, Pass pass) {
    Matrix scores = scores(mine.scores, task);
    score(mine, task, queries(task, pass.kept()), pass.kept().keys(), scores);
  }

  /** {@code scores = queries keys^T}, over all runs. */
  void score(Member mine, Task task, Matrix queries, Matrix keys, Matrix scores) {
    for (RowTree.Run run : tree.runs(task.tile())) {
      Matrix part = scores.cols(run.column(), run.rows());
      products.multiply(mine.number, queries, run(keys, task, run).transposed(), part, false);
    }
  }

  /** Hides what the rows of a task do not see. */
  void mask(Member mine, Task task, Pass pass) {
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

  /** {@code out = weights x}, over all runs. */
  void mix(Member mine, Task task, Matrix weights, Matrix x, Matrix out) {
    boolean add = false;
    for (RowTree.Run run : tree.runs(task.tile())) {
      Matrix part = weights.cols(run.column(), run.rows());
      products.multiply(mine.number, part, run(x, task, run), out, add);
      add = true;
    }
  }

  /** {@code out (+)= a b}, by one member. */
  void multiply(Member mine, Matrix a, Matrix b, Matrix out, boolean add) {
    products.multiply(mine.number, a, b, out, add);
  }

  /** Query head of row {@code i} of a task's queries. */
  int head(Task task, int i) {
    return task.kvHead() * group + i / TILE;
  }

  /** Row of the batch of row {@code i} of a task's queries. */
  static int row(Task task, int i) {
    return task.tile() * TILE + i % TILE;
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
