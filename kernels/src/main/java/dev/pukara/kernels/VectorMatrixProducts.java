package dev.pukara.kernels;

/**
 * Products of plain f32 matrices in Java, for platforms without oneDNN. Both factors are packed at
 * every call: {@code a} into panels of four rows, {@code b} piece by piece into the columns of one
 * tile ({@link Tiles}).
 */
final class VectorMatrixProducts implements MatrixProducts {
  /**
   * Inner dimension of a packed piece of {@code b}: with 32 columns it fills half a first cache.
   */
  private static final int DEPTH = 256;

  private static final int QUAD = Panels.QUAD;

  private final Workers workers;
  private final Member[] members;

  /** Scratch of one member of the team. */
  private static final class Member {
    final NativeBuffer a = new NativeBuffer();
    final NativeBuffer b = new NativeBuffer();
    final NativeBuffer tile = new NativeBuffer();
  }

  VectorMatrixProducts(Workers workers) {
    this.workers = workers;
    members = new Member[workers.members()];
    for (int i = 0; i < members.length; i++) {
      members[i] = new Member();
    }
  }

  @Override
  public String name() {
    return "vector-" + Lanes.F.vectorBitSize();
  }

  @Override
  public boolean supports(Element element) {
    return element == Element.F32;
  }

  @Override
  public void multiply(Matrix a, Matrix b, Matrix c, boolean accumulate) {
    MatrixProducts.check(a, b, c, accumulate);
    MatrixProducts.split(workers, this, a, b, c, accumulate);
  }

  @Override
  public void multiply(int member, Matrix a, Matrix b, Matrix c, boolean accumulate) {
    MatrixProducts.check(a, b, c, accumulate);
    if (a.element() != Element.F32) {
      throw new UnsupportedOperationException(name() + " multiplies f32 only, not " + a);
    }
    Member mine = members[member];
    int quads = (a.rows() + QUAD - 1) / QUAD;
    long quadBytes = 16L * a.cols() + Panels.slack();
    long packedA = mine.a.address(quads * quadBytes);
    for (int q = 0; q < quads; q++) {
      packRows(a, q * QUAD, packedA + q * quadBytes);
    }
    long packedB = mine.b.address(4L * DEPTH * Tiles.COLS);
    long tile = mine.tile.address(4L * Tiles.TALL * Tiles.COLS);
    for (int col = 0; col < c.cols(); col += Tiles.COLS) {
      for (int from = 0; from < a.cols(); from += DEPTH) {
        int depth = Math.min(DEPTH, a.cols() - from);
        packCols(b, from, depth, col, packedB);
        boolean add = accumulate || from > 0;
        tiles(packedA + 16L * from, quadBytes, packedB, depth, c, col, add, tile);
      }
    }
  }

  /** One panel of four rows; rows behind the last repeat it. */
  private static void packRows(Matrix a, int row, long out) {
    int last = a.rows() - 1;
    if (a.colStep() == 1) {
      Panels.quad(
          a.address(row, 0),
          a.address(Math.min(last, row + 1), 0),
          a.address(Math.min(last, row + 2), 0),
          a.address(Math.min(last, row + 3), 0),
          a.cols(),
          out);
      return;
    }
    for (int k = 0; k < a.cols(); k++) {
      for (int i = 0; i < QUAD; i++) {
        float value = Lanes.getFloat(a.address(Math.min(last, row + i), k));
        Lanes.putFloat(out + 16L * k + 4L * i, value);
      }
    }
  }

  /** {@code depth} rows of {@link Tiles#COLS} columns; columns behind the last are zero. */
  private static void packCols(Matrix b, int from, int depth, int col, long out) {
    int cols = Math.min(Tiles.COLS, b.cols() - col);
    if (b.colStep() == 1 && cols == Tiles.COLS) {
      for (int k = 0; k < depth; k++) {
        Lanes.copy(b.address(from + k, col), out + 4L * k * Tiles.COLS, 4L * cols);
      }
      return;
    }
    for (int k = 0; k < depth; k++) {
      for (int j = 0; j < Tiles.COLS; j++) {
        float value = j < cols ? Lanes.getFloat(b.address(from + k, col + j)) : 0;
        Lanes.putFloat(out + 4L * ((long) k * Tiles.COLS + j), value);
      }
    }
  }

  private static void tiles(
      long a, long quadBytes, long b, int depth, Matrix c, int col, boolean add, long tile) {
    int cols = Math.min(Tiles.COLS, c.cols() - col);
    long step = 4L * Tiles.COLS;
    int row = 0;
    while (row < c.rows()) {
      boolean tall = row + Tiles.TALL <= c.rows();
      int height = tall ? Tiles.TALL : QUAD;
      int rows = Math.min(height, c.rows() - row);
      boolean inside = !add && cols == Tiles.COLS && rows == height;
      long x = a + row / QUAD * quadBytes;
      long out = inside ? c.address(row, col) : tile;
      long outStep = inside ? 4 * c.rowStep() : step;
      if (tall) {
        Tiles.tall(x, quadBytes, b, Lanes.BYTES, step, depth, out, outStep);
      } else {
        Tiles.four(x, b, Lanes.BYTES, step, depth, out, outStep);
      }
      for (int i = 0; i < rows && !inside; i++) {
        Rows.put(tile + i * step, cols, add, c.address(row + i, col));
      }
      row += height;
    }
  }

  @Override
  public void close() {
    for (Member member : members) {
      member.a.close();
      member.b.close();
      member.tile.close();
    }
  }
}
