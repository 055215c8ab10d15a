package dev.pukara.kernels;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Causal grouped-query attention with the tiles of the linear layers.
 *
 * <p>A worker takes a key/value head of a slice and a run of its rows. The queries of all heads of
 * the group form one matrix, in order of their rows. It weaves the visible keys into panels and
 * copies the values into one matrix, whichever spans they come from; then, for as many queries as
 * keep their scores in the second-level cache: scores, softmax, weighted values.
 */
final class VectorAttention {
  /** Scores kept at a time. */
  private static final long SCORE_BYTES = 256 << 10;

  /** Queries kept at a time, a multiple of any tile's height. */
  private static final int QUERIES_MAX = 96;

  /** Queries for which weaving the keys once more does not matter. */
  private static final int QUERIES_PER_ITEM = 240;

  /** Rows {@code from..to} of a slice with one key/value head. */
  private record Item(Slice slice, int kvHead, int from, int to) {
    long cost() {
      return (long) (to - from) * (slice.firstPosition() + to);
    }
  }

  private final Tensor qkv;
  private final int block;
  private final Heads heads;
  private final int group;
  private final Tensor out;

  private VectorAttention(Tensor qkv, int block, Heads heads, Tensor out) {
    this.qkv = qkv;
    this.block = block;
    this.heads = heads;
    this.group = heads.queryHeads() / heads.kvHeads();
    this.out = out;
  }

  /** As {@link Kernels#attention}, into f32 rows; the shapes have been checked. */
  static void attend(
      Workers workers,
      Workspace workspace,
      Tensor qkv,
      List<Slice> slices,
      int block,
      Heads heads,
      Tensor out) {
    VectorAttention attention = new VectorAttention(qkv, block, heads, out);
    List<Item> items = attention.items(slices, workers.members());
    AtomicInteger next = new AtomicInteger();
    workers.run(
        (member, members) -> {
          for (int i; (i = next.getAndIncrement()) < items.size(); ) {
            attention.attend(items.get(i), workspace, member);
          }
        });
  }

  /** The most expensive first, so that no worker is left with one at the end. */
  private List<Item> items(List<Slice> slices, int members) {
    List<Item> items = new ArrayList<>();
    for (Slice slice : slices) {
      int rows = slice.rowCount();
      int parts = Math.clamp((long) rows * group / QUERIES_PER_ITEM, 1, rows);
      if (parts == 1 && slices.size() * heads.kvHeads() < members) {
        parts = Math.min(rows, members);
      }
      for (int kvHead = 0; kvHead < heads.kvHeads(); kvHead++) {
        for (int part = 0; part < parts; part++) {
          int from = (int) ((long) rows * part / parts);
          int to = (int) ((long) rows * (part + 1) / parts);
          items.add(new Item(slice, kvHead, from, to));
        }
      }
    }
    items.sort(Comparator.comparingLong(Item::cost).reversed());
    return items;
  }

  /** The scratch of one item. */
  private final class Layout {
    final int size = heads.size();
    final int tokens;
    final int queries;
    final long panel = 2 * Lanes.BYTES * size;
    final int panels;
    final int valueWidth = (size + Tiles.COLS - 1) / Tiles.COLS * Tiles.COLS;
    final long scoreStride;
    final long queryQuad = Workspace.aligned(4L * Panels.QUAD * size + Panels.slack());
    final long weightQuad;
    final long weave = Workspace.aligned(Panels.scratchBytes(size));
    long keys;
    long values;
    long query;
    long scores;
    long weights;
    long sums;
    long scratch;

    Layout(int tokens, int queriesWanted, Workspace workspace, int member) {
      this.tokens = tokens;
      panels = (tokens + Tiles.COLS - 1) / Tiles.COLS;
      // One vector more, so that rows do not fall on the same cache lines.
      scoreStride = 4L * panels * Tiles.COLS + Lanes.BYTES;
      long fit = SCORE_BYTES / scoreStride / Tiles.TALL * Tiles.TALL;
      queries = Math.min((int) Math.clamp(fit, Tiles.TALL, QUERIES_MAX), roundUp(queriesWanted));
      weightQuad = Workspace.aligned(4L * Panels.QUAD * tokens + Panels.slack());
      long keyBytes = Workspace.aligned(panels * panel + Panels.slack());
      long valueBytes = 4L * tokens * valueWidth;
      long queryBytes = queries / Panels.QUAD * queryQuad;
      long scoreBytes = Workspace.aligned(queries * scoreStride);
      long weightBytes = Tiles.TALL / Panels.QUAD * weightQuad;
      long sumBytes = 4L * Tiles.TALL * valueWidth;
      keys =
          workspace.own(
              member,
              keyBytes + valueBytes + queryBytes + scoreBytes + weightBytes + sumBytes + weave);
      values = keys + keyBytes;
      query = values + valueBytes;
      scores = query + queryBytes;
      weights = scores + scoreBytes;
      sums = weights + weightBytes;
      scratch = sums + sumBytes;
    }

    private static int roundUp(int queries) {
      return (queries + Tiles.TALL - 1) / Tiles.TALL * Tiles.TALL;
    }
  }

  private void attend(Item item, Workspace workspace, int member) {
    Slice slice = item.slice;
    int queries = (item.to - item.from) * group;
    int tokens = slice.firstPosition() + item.to;
    Layout layout = new Layout(tokens, queries, workspace, member);
    gatherKeys(item, layout);
    gatherValues(item, layout);
    for (int from = 0; from < queries; from += layout.queries) {
      attend(item, layout, from, Math.min(queries, from + layout.queries));
    }
  }

  private void gatherKeys(Item item, Layout layout) {
    long[] rows = new long[layout.panels * Tiles.COLS];
    long rowBytes = 4L * layout.size;
    int token = 0;
    for (Slice.Part part : item.slice.context()) {
      long keys = part.span().keyAddress(block, item.kvHead);
      for (int i = 0; i < part.tokens(); i++) {
        rows[token++] = keys + rowBytes * i;
      }
    }
    long keys = item.slice.own().keyAddress(block, item.kvHead);
    for (int i = 0; token < layout.tokens; i++) {
      rows[token++] = keys + rowBytes * i;
    }
    for (; token < rows.length; token++) {
      rows[token] = rows[layout.tokens - 1];
    }
    for (int at = 0; at < rows.length; at += Lanes.COUNT) {
      long target = layout.keys + layout.panel / Tiles.COLS * at;
      Panels.full(rows, at, 0, layout.size, layout.scratch, target);
    }
  }

  private void gatherValues(Item item, Layout layout) {
    int token = 0;
    for (Slice.Part part : item.slice.context()) {
      copyValues(part.span().valueAddress(block, item.kvHead), part.tokens(), layout, token);
      token += part.tokens();
    }
    int own = layout.tokens - token;
    copyValues(item.slice.own().valueAddress(block, item.kvHead), own, layout, token);
  }

  private static void copyValues(long values, int tokens, Layout layout, int at) {
    long rowBytes = 4L * layout.size;
    long stride = 4L * layout.valueWidth;
    long target = layout.values + stride * at;
    if (rowBytes == stride) {
      Lanes.copy(values, target, rowBytes * tokens);
      return;
    }
    for (int i = 0; i < tokens; i++) {
      Lanes.copy(values + rowBytes * i, target + stride * i, rowBytes);
      Lanes.zero(target + stride * i + rowBytes, stride - rowBytes);
    }
  }

  /** Queries {@code from..to} of the item. */
  private void attend(Item item, Layout layout, int from, int to) {
    for (int q = from; q < to; q += Panels.QUAD) {
      Panels.quad(
          queryAddress(item, q),
          queryAddress(item, Math.min(q + 1, to - 1)),
          queryAddress(item, Math.min(q + 2, to - 1)),
          queryAddress(item, Math.min(q + 3, to - 1)),
          layout.size,
          layout.query + (q - from) / Panels.QUAD * layout.queryQuad);
    }
    for (int panel = 0; panel < layout.panels; panel++) {
      for (int q = from; q < to; q += height(q, to)) {
        if (visible(item, Math.min(to, q + height(q, to)) - 1) > panel * Tiles.COLS) {
          score(layout, q - from, height(q, to), panel);
        }
      }
    }
    for (int q = from; q < to; q += height(q, to)) {
      mix(item, layout, from, q, Math.min(to, q + height(q, to)));
    }
  }

  /** Height of the tile that starts at query {@code q}. */
  private static int height(int q, int to) {
    return q + Tiles.TALL <= to ? Tiles.TALL : Panels.QUAD;
  }

  /** Tokens that a query of the item sees. */
  private int visible(Item item, int query) {
    return item.slice.firstPosition() + item.from + query / group + 1;
  }

  private int head(Item item, int query) {
    return item.kvHead * group + query % group;
  }

  private int row(Item item, int query) {
    return item.slice.firstRow() + item.from + query / group;
  }

  private long queryAddress(Item item, int query) {
    long col = (long) head(item, query) * heads.size();
    return qkv.address() + 4 * ((long) row(item, query) * qkv.cols() + col);
  }

  private void score(Layout layout, int q, int height, int panel) {
    long x = layout.query + q / Panels.QUAD * layout.queryQuad;
    long w = layout.keys + layout.panel * panel;
    long next = layout.panel / 2;
    long c = layout.scores + layout.scoreStride * q + 4L * Tiles.COLS * panel;
    int size = layout.size;
    if (height == Panels.QUAD) {
      Tiles.four(x, w, next, Lanes.BYTES, size, c, layout.scoreStride);
    } else {
      Tiles.tall(x, layout.queryQuad, w, next, Lanes.BYTES, size, c, layout.scoreStride);
    }
  }

  /** Softmax of the scores of queries {@code q..end} and the sums of values: one tile's height. */
  private void mix(Item item, Layout layout, int from, int q, int end) {
    int tokens = visible(item, end - 1);
    float scale = (float) (1 / Math.sqrt(layout.size));
    float[] factors = new float[end - q];
    for (int i = q; i < end; i++) {
      long row = layout.scores + layout.scoreStride * (i - from);
      int seen = visible(item, i);
      factors[i - q] = 1 / Rows.exponentials(row, seen, scale);
      for (int token = seen; token < tokens; token++) {
        Lanes.putFloat(row + 4L * token, 0);
      }
    }
    long first = layout.scores + layout.scoreStride * (q - from);
    int last = end - 1 - q;
    for (int i = 0; i <= last; i += Panels.QUAD) {
      Panels.quad(
          first + layout.scoreStride * i,
          first + layout.scoreStride * Math.min(i + 1, last),
          first + layout.scoreStride * Math.min(i + 2, last),
          first + layout.scoreStride * Math.min(i + 3, last),
          tokens,
          layout.weights + i / Panels.QUAD * layout.weightQuad);
    }
    long stride = 4L * layout.valueWidth;
    for (int col = 0; col < layout.valueWidth; col += Tiles.COLS) {
      long w = layout.values + 4L * col;
      long c = layout.sums + 4L * col;
      if (end - q <= Panels.QUAD) {
        Tiles.four(layout.weights, w, Lanes.BYTES, stride, tokens, c, stride);
      } else {
        Tiles.tall(layout.weights, layout.weightQuad, w, Lanes.BYTES, stride, tokens, c, stride);
      }
    }
    for (int i = q; i < end; i++) {
      long col = (long) head(item, i) * layout.size;
      long target = out.address() + 4 * ((long) row(item, i) * out.cols() + col);
      Rows.scale(layout.sums + stride * (i - q), factors[i - q], layout.size, target);
    }
  }
}
