package dev.pukara.train;

import dev.pukara.kernels.RowTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Lays out a {@link TrainBatch}: runs of tokens, each a continuation of another or of nothing. A
 * run sees the runs that it continues and itself, never its siblings.
 *
 * <pre>{@code
 * BatchBuilder builder = new BatchBuilder();
 * int policy = builder.add(BatchBuilder.ROOT, policyTokens);
 * int talk = builder.add(policy, conversationTokens);
 * builder.target(talk, conversationTokens.length - 1, new int[] {safe, unsafe}, 1, 1f);
 * TrainBatch batch = builder.build(256);
 * }</pre>
 */
public final class BatchBuilder {
  /** What a run continues that begins anew. */
  public static final int ROOT = -1;

  /** A run of tokens. */
  private record Run(int parent, int[] tokens, List<Integer> children) {}

  private record Wanted(int run, int offset, int[] candidates, int answer, float weight) {}

  private final List<Run> runs = new ArrayList<>();
  private final List<Integer> roots = new ArrayList<>();
  private final List<Wanted> wanted = new ArrayList<>();
  private int rows;

  /** Adds a run that continues run {@code parent} (or {@link #ROOT}); returns its number. */
  public int add(int parent, int[] tokens) {
    if (parent < ROOT || parent >= runs.size() || tokens.length == 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%d tokens behind run %d of %d; expected at least one, behind a run or ROOT",
              tokens.length,
              parent,
              runs.size()));
    }
    int number = runs.size();
    runs.add(new Run(parent, tokens.clone(), new ArrayList<>()));
    (parent == ROOT ? roots : runs.get(parent).children()).add(number);
    rows += tokens.length;
    return number;
  }

  /** Wants an answer behind token {@code offset} of a run; see {@link Target}. */
  public void target(int run, int offset, int[] candidates, int answer, float weight) {
    if (run < 0 || run >= runs.size() || offset < 0 || offset >= runs.get(run).tokens().length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "target behind token %d of run %d of %d", offset, run, runs.size()));
    }
    wanted.add(new Wanted(run, offset, candidates, answer, weight));
  }

  /** Tokens so far. */
  public int rows() {
    return rows;
  }

  /**
   * Makes the batch, padded to a multiple of {@code rowsMultiple} rows. Every number of rows costs
   * the compilation of its products once, so few of them are best.
   *
   * @param rowsMultiple a multiple of {@link RowTree#TILE}
   */
  public TrainBatch build(int rowsMultiple) {
    if (rowsMultiple <= 0 || rowsMultiple % RowTree.TILE != 0) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "padding to a multiple of %d rows, expected a multiple of %d",
              rowsMultiple,
              RowTree.TILE));
    }
    int padded = Math.ceilDiv(rows, rowsMultiple) * rowsMultiple;
    Layout layout = new Layout(padded, runs.size());
    for (int root : roots) {
      lay(root, 0, layout);
    }
    for (int row = layout.rows; row < padded; row++) {
      layout.seenUntil[row] = row + 1;
    }
    List<Target> targets = new ArrayList<>();
    for (Wanted w : wanted) {
      targets.add(
          new Target(layout.first[w.run()] + w.offset(), w.candidates(), w.answer(), w.weight()));
    }
    return new TrainBatch(new RowTree(layout.positions, layout.seenUntil), layout.tokens, targets);
  }

  /** Depth first, so that who sees a run is one interval of rows. */
  private void lay(int number, int position, Layout layout) {
    Run run = runs.get(number);
    int from = layout.rows;
    int length = run.tokens().length;
    layout.first[number] = from;
    layout.rows += length;
    System.arraycopy(run.tokens(), 0, layout.tokens, from, length);
    for (int child : run.children()) {
      lay(child, position + length, layout);
    }
    for (int i = 0; i < length; i++) {
      layout.positions[from + i] = position + i;
      layout.seenUntil[from + i] = layout.rows;
    }
  }

  private static final class Layout {
    final int[] positions;
    final int[] seenUntil;
    final int[] tokens;

    /** First row of each run. */
    final int[] first;

    int rows;

    Layout(int padded, int runs) {
      positions = new int[padded];
      seenUntil = new int[padded];
      tokens = new int[padded];
      first = new int[runs];
    }
  }
}
