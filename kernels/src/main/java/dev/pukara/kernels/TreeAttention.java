package dev.pukara.kernels;

import dev.pukara.kernels.TreeTasks.Member;
import dev.pukara.kernels.TreeTasks.Pass;
import dev.pukara.kernels.TreeTasks.Phase;
import dev.pukara.kernels.TreeTasks.Task;
import java.lang.foreign.Arena;

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

  private final TreeTasks tasks;
  private final TreeGradients gradients;
  private final Phase[] phases;

  /** Attention of this shape, with products of {@code element}s. */
  public TreeAttention(MatrixProducts products, Workers workers, Heads heads, Element element) {
    tasks = new TreeTasks(products, workers, heads, element);
    gradients = new TreeGradients(tasks);
    phases =
        new Phase[] {
          tasks::score, tasks::mask, this::maxima, this::softmax, this::mixValues, this::normalise
        };
  }

  /** Prepares for a batch: angles of the positions, and who does what. */
  public void begin(RowTree tree, float[] frequencies) {
    tasks.begin(tree, frequencies);
  }

  private void requireShapes(Matrix qkv, Kept kept) {
    Shapes.require(
        qkv.rows() == tasks.tree().rows()
            && qkv.cols() == tasks.heads.qkvWidth()
            && qkv.colStep() == 1
            && kept.out().rows() == tasks.tree().rows()
            && kept.out().cols() == tasks.heads.queryHeads() * tasks.size
            && kept.out().element() == tasks.element
            && kept.queries().rows() == tasks.heads.queryHeads() * tasks.tree().rows()
            && kept.queries().element() == tasks.element,
        "attention of %s, %s, over a tree of %d rows, into %s",
        tasks.heads,
        qkv,
        tasks.tree().rows(),
        kept);
  }

  /**
   * Rotates queries and keys and attends; the result is {@code kept.out()}.
   *
   * @param qkv {@code (rows, heads.qkvWidth())}, f32: queries, keys, values
   */
  public void forward(Matrix qkv, Kept kept) {
    requireShapes(qkv, kept);
    tasks.workers.split(tasks.tree().rows(), 1, (from, to) -> spreadRotated(qkv, from, to, kept));
    tasks.workers.split(tasks.tree().rows(), 1, (from, to) -> spreadValues(qkv, from, to, kept));
    Pass pass = new Pass(kept, kept.out(), kept.out());
    tasks.workers.run((member, all) -> tasks.run(phases, member, pass));
  }

  /** Queries and keys of some rows of the projection. */
  private void spreadRotated(Matrix qkv, int from, int to, Kept kept) {
    for (int row = from; row < to; row++) {
      for (int head = 0; head < tasks.heads.queryHeads() + tasks.heads.kvHeads(); head++) {
        int keyHead = head - tasks.heads.queryHeads();
        long target =
            keyHead < 0
                ? kept.queries().address(tasks.queryRow(row, head), 0)
                : kept.keys().address(keyHead * tasks.tree().rows() + row, 0);
        tasks.rotate(qkv.address(row, head * tasks.size), row, 1, target);
      }
    }
  }

  /** Values of some rows of the projection. */
  private void spreadValues(Matrix qkv, int from, int to, Kept kept) {
    int first = (tasks.heads.queryHeads() + tasks.heads.kvHeads()) * tasks.size;
    for (int row = from; row < to; row++) {
      for (int head = 0; head < tasks.heads.kvHeads(); head++) {
        long target = kept.values().address(head * tasks.tree().rows() + row, 0);
        TrainingRows.convert(
            qkv.address(row, first + head * tasks.size), tasks.size, tasks.bf16, target);
      }
    }
  }

  /** The greatest scores become the row numbers. */
  private void maxima(Member mine, Task task, Pass pass) {
    Matrix scores = tasks.scores(mine.scores, task);
    for (int i = 0; i < scores.rows(); i++) {
      mine.rowNumbers[i] = AttentionRows.max(scores.address(i, 0), task.keys()) * tasks.scale;
    }
  }

  /** Exponentials of the scores, without their denominators, which become the row numbers. */
  private void softmax(Member mine, Task task, Pass pass) {
    Matrix scores = tasks.scores(mine.scores, task);
    for (int i = 0; i < scores.rows(); i++) {
      long at = scores.address(i, 0);
      float max = mine.rowNumbers[i];
      float sum = AttentionRows.exponentials(at, task.keys(), tasks.scale, max, tasks.bf16);
      mine.rowNumbers[i] = sum;
      long logSum = pass.kept().logSums().address(tasks.head(task, i), TreeTasks.row(task, i));
      Lanes.putFloat(logSum, max + (float) Math.log(sum));
    }
  }

  private void mixValues(Member mine, Task task, Pass pass) {
    Matrix mixed = tasks.scratch(mine.mixed, Element.F32);
    tasks.mix(
        mine, task, tasks.narrowed(tasks.scores(mine.scores, task)), pass.kept().values(), mixed);
  }

  private void normalise(Member mine, Task task, Pass pass) {
    Matrix mixed = tasks.scratch(mine.mixed, Element.F32);
    for (int i = 0; i < mixed.rows(); i++) {
      long to = pass.kept().out().address(TreeTasks.row(task, i), tasks.head(task, i) * tasks.size);
      AttentionRows.scale(mixed.address(i, 0), 1 / mine.rowNumbers[i], tasks.size, tasks.bf16, to);
    }
  }

  /**
   * The way back.
   *
   * @param dOut gradient of {@code kept.out()}, of its shape and element
   * @param dQkv takes the gradient of {@code qkv}, before the rotation; of the same element
   */
  public void backward(Matrix dOut, Kept kept, Matrix dQkv) {
    requireShapes(dQkv, kept);
    Shapes.require(
        dOut.rows() == tasks.tree().rows()
            && dOut.cols() == kept.out().cols()
            && dOut.element() == tasks.element
            && dQkv.element() == tasks.element
            && dOut.colStep() == 1,
        "attention's gradient %s into %s",
        dOut,
        dQkv);
    gradients.run(new Pass(kept, dOut, dQkv));
  }

  @Override
  public void close() {
    tasks.close();
  }
}
