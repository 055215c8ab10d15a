package dev.pukara.kernels;

import dev.pukara.kernels.TreeTasks.Member;
import dev.pukara.kernels.TreeTasks.Pass;
import dev.pukara.kernels.TreeTasks.Phase;
import dev.pukara.kernels.TreeTasks.Task;

/**
 * The backward pass of {@link TreeAttention}: from the gradient of its results to that of queries,
 * keys and values before the rotation. Each member sums what its tasks give for keys and values;
 * the sums of all are added in the order of the members.
 */
final class TreeGradients {
  private final TreeTasks tasks;
  private final Phase[] phases;

  TreeGradients(TreeTasks tasks) {
    this.tasks = tasks;
    phases =
        new Phase[] {
          this::takeGradient,
          tasks::score,
          tasks::mask,
          this::scoreGradient,
          this::probabilities,
          this::softmaxBackward,
          this::keyValueGradients,
          this::mixQueryGradients,
          this::turnQueryGradients
        };
  }

  /** All gradients of a pass; {@code pass.dQkv()} takes them. */
  void run(Pass pass) {
    Matrix dQkv = pass.dQkv();
    tasks.workers.run(
        (member, all) -> {
          Member mine = tasks.member(member);
          Lanes.zero(keyGradients(mine.dKeys).address(), gradientBytes());
          Lanes.zero(keyGradients(mine.dValues).address(), gradientBytes());
          tasks.run(phases, member, pass);
        });
    int rows = tasks.tree().rows();
    tasks.workers.split(tasks.heads.kvHeads() * rows, 1, this::sumMembers);
    tasks.workers.split(rows, 1, (from, to) -> gatherKeys(from, to, dQkv));
    tasks.workers.split(rows, 1, (from, to) -> gatherValues(from, to, dQkv));
  }

  private long gradientBytes() {
    return 4L * tasks.heads.kvHeads() * tasks.tree().rows() * tasks.size;
  }

  /** A member's sum of the gradients of keys, or of values. */
  private Matrix keyGradients(NativeBuffer buffer) {
    long address = buffer.address(gradientBytes());
    return new Matrix(
        Element.F32,
        tasks.heads.kvHeads() * tasks.tree().rows(),
        tasks.size,
        tasks.size,
        1,
        address);
  }

  /** The gradient of the task's results in one piece; its products with them are row numbers. */
  private void takeGradient(Member mine, Task task, Pass pass) {
    Matrix own = tasks.scratch(mine.dOut, tasks.element);
    for (int i = 0; i < own.rows(); i++) {
      int col = tasks.head(task, i) * tasks.size;
      mine.rowNumbers[i] =
          AttentionRows.copyAndDot(
              pass.dOut().address(TreeTasks.row(task, i), col),
              pass.kept().out().address(TreeTasks.row(task, i), col),
              tasks.size,
              tasks.bf16,
              own.address(i, 0));
    }
  }

  private void scoreGradient(Member mine, Task task, Pass pass) {
    Matrix own = tasks.scratch(mine.dOut, tasks.element);
    tasks.score(mine, task, own, pass.kept().values(), tasks.scores(mine.gradients, task));
  }

  private void probabilities(Member mine, Task task, Pass pass) {
    Matrix scores = tasks.scores(mine.scores, task);
    for (int i = 0; i < scores.rows(); i++) {
      float logSum =
          Lanes.getFloat(
              pass.kept().logSums().address(tasks.head(task, i), TreeTasks.row(task, i)));
      AttentionRows.probabilities(scores.address(i, 0), task.keys(), tasks.scale, logSum);
    }
  }

  private void softmaxBackward(Member mine, Task task, Pass pass) {
    Matrix scores = tasks.scores(mine.scores, task);
    Matrix gradients = tasks.scores(mine.gradients, task);
    for (int i = 0; i < scores.rows(); i++) {
      AttentionRows.backward(
          scores.address(i, 0),
          gradients.address(i, 0),
          task.keys(),
          tasks.scale,
          mine.rowNumbers[i],
          tasks.bf16);
    }
  }

  private void keyValueGradients(Member mine, Task task, Pass pass) {
    Matrix p = tasks.narrowed(tasks.scores(mine.scores, task));
    Matrix ds = tasks.narrowed(tasks.scores(mine.gradients, task));
    Matrix own = tasks.scratch(mine.dOut, tasks.element);
    Matrix queries = tasks.queries(task, pass.kept());
    Matrix dKeys = keyGradients(mine.dKeys);
    Matrix dValues = keyGradients(mine.dValues);
    for (RowTree.Run run : tasks.tree().runs(task.tile())) {
      Matrix runP = p.cols(run.column(), run.rows()).transposed();
      Matrix runDs = ds.cols(run.column(), run.rows()).transposed();
      tasks.multiply(mine, runP, own, tasks.run(dValues, task, run), true);
      tasks.multiply(mine, runDs, queries, tasks.run(dKeys, task, run), true);
    }
  }

  private void mixQueryGradients(Member mine, Task task, Pass pass) {
    Matrix dQueries = tasks.scratch(mine.mixed, Element.F32);
    tasks.mix(
        mine,
        task,
        tasks.narrowed(tasks.scores(mine.gradients, task)),
        pass.kept().keys(),
        dQueries);
  }

  private void turnQueryGradients(Member mine, Task task, Pass pass) {
    Matrix dQueries = tasks.scratch(mine.mixed, Element.F32);
    for (int i = 0; i < dQueries.rows(); i++) {
      int row = TreeTasks.row(task, i);
      long to = pass.dQkv().address(row, tasks.head(task, i) * tasks.size);
      tasks.rotate(dQueries.address(i, 0), row, -1, to);
    }
  }

  /** Adds what all members found for some keys and values to what the first one found. */
  private void sumMembers(int from, int to) {
    Member first = tasks.member(0);
    for (Member other : tasks.members().subList(1, tasks.members().size())) {
      for (int i = from; i < to; i++) {
        add(other.dKeys, first.dKeys, i);
        add(other.dValues, first.dValues, i);
      }
    }
  }

  private void add(NativeBuffer from, NativeBuffer to, int row) {
    long at = 4L * row * tasks.size;
    Rows.put(from.address(0) + at, tasks.size, true, to.address(0) + at);
  }

  private void gatherKeys(int from, int to, Matrix dQkv) {
    for (int row = from; row < to; row++) {
      for (int head = 0; head < tasks.heads.kvHeads(); head++) {
        long sum =
            tasks.member(0).dKeys.address(0) + 4L * (head * tasks.tree().rows() + row) * tasks.size;
        tasks.rotate(
            sum, row, -1, dQkv.address(row, (tasks.heads.queryHeads() + head) * tasks.size));
      }
    }
  }

  private void gatherValues(int from, int to, Matrix dQkv) {
    int first = (tasks.heads.queryHeads() + tasks.heads.kvHeads()) * tasks.size;
    for (int row = from; row < to; row++) {
      for (int head = 0; head < tasks.heads.kvHeads(); head++) {
        long sum =
            tasks.member(0).dValues.address(0)
                + 4L * (head * tasks.tree().rows() + row) * tasks.size;
        TrainingRows.convert(
            sum, tasks.size, tasks.bf16, dQkv.address(row, first + head * tasks.size));
      }
    }
  }
}
