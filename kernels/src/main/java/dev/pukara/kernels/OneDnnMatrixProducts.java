package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Products of plain matrices by oneDNN, compiled once per shape but for large ones of f32. */
final class OneDnnMatrixProducts implements MatrixProducts {
  /** What a compiled product depends on: everything but the addresses. */
  private record Shape(
      Element in,
      Element out,
      boolean accumulate,
      int m,
      int k,
      int n,
      long aRow,
      long aCol,
      long bRow,
      long bCol,
      long cRow) {
    static Shape of(Matrix a, Matrix b, Matrix c, boolean accumulate) {
      return new Shape(
          a.element(),
          c.element(),
          accumulate,
          a.rows(),
          a.cols(),
          b.cols(),
          a.rowStep(),
          a.colStep(),
          b.rowStep(),
          b.colStep(),
          c.rowStep());
    }

    long a() {
      return OneDnn.matrix(type(in), m, k, aRow, aCol);
    }

    long b() {
      return OneDnn.matrix(type(in), k, n, bRow, bCol);
    }

    long c() {
      return OneDnn.matrix(type(out), m, n, cRow, 1);
    }

    private static int type(Element element) {
      return element == Element.BF16 ? OneDnn.BF16 : OneDnn.F32;
    }
  }

  /** A compiled product, shared by all threads. */
  private static final class Product implements AutoCloseable {
    final Shape shape;
    final long plan;
    final long primitive;
    final long scratchBytes;

    Product(Shape shape) {
      this.shape = shape;
      long attributes = OneDnn.attributes();
      if (shape.accumulate()) {
        OneDnn.accumulate(attributes);
      }
      long a = shape.a();
      long b = shape.b();
      long c = shape.c();
      plan = OneDnn.matmul(a, b, 0, c, attributes);
      OneDnn.destroyDescriptor(a);
      OneDnn.destroyDescriptor(b);
      OneDnn.destroyDescriptor(c);
      OneDnn.destroyAttributes(attributes);
      primitive = OneDnn.primitive(plan);
      scratchBytes = OneDnn.scratchBytes(plan);
    }

    @Override
    public void close() {
      OneDnn.destroyPrimitive(primitive);
      OneDnn.destroyPlan(plan);
    }
  }

  /** The arguments of one thread's executions of a product. */
  private static final class Call implements AutoCloseable {
    private final Product product;
    private final long a;
    private final long b;
    private final long c;
    private final long scratch;
    private final MemorySegment arguments;

    Call(Arena arena, Product product) {
      this.product = product;
      a = memory(product.shape.a());
      b = memory(product.shape.b());
      c = memory(product.shape.c());
      scratch = memory(OneDnn.vector(OneDnn.U8, Math.max(1, product.scratchBytes)));
      arguments =
          OneDnn.arguments(
              arena,
              OneDnn.SOURCE,
              a,
              OneDnn.WEIGHTS,
              b,
              OneDnn.TARGET,
              c,
              OneDnn.SCRATCHPAD,
              scratch);
    }

    private static long memory(long descriptor) {
      long memory = OneDnn.memory(descriptor, 0);
      OneDnn.destroyDescriptor(descriptor);
      return memory;
    }

    void run(long aAt, long bAt, long cAt, NativeBuffer buffer) {
      OneDnn.point(a, aAt);
      OneDnn.point(b, bAt);
      OneDnn.point(c, cAt);
      OneDnn.point(scratch, buffer.address(Math.max(64, product.scratchBytes)));
      OneDnn.execute(product.primitive, 4, arguments.address());
    }

    @Override
    public void close() {
      OneDnn.destroyMemory(a);
      OneDnn.destroyMemory(b);
      OneDnn.destroyMemory(c);
      OneDnn.destroyMemory(scratch);
    }
  }

  /** What one member of the team calls its own. */
  private static final class Member implements AutoCloseable {
    final Map<Shape, Call> calls = new HashMap<>();
    final NativeBuffer scratch = new NativeBuffer();
    final Arena arena = Arena.ofShared();

    @Override
    public void close() {
      calls.values().forEach(Call::close);
      scratch.close();
      arena.close();
    }
  }

  /**
   * Multiplications from which on an f32 product is worth packing its factors. Those of attention
   * stay below while they have few keys (SmolLM2-135M: up to 1,365), those of the projections are
   * far above.
   */
  private static final long LARGE = 1 << 24;

  private final Workers workers;
  private final long large;
  private final Map<Shape, Product> products = new ConcurrentHashMap<>();
  private final Member[] members;

  OneDnnMatrixProducts(Workers workers) {
    this(workers, LARGE);
  }

  /** With another limit from which on f32 products are packed. */
  OneDnnMatrixProducts(Workers workers, long large) {
    OneDnnLibrary.load();
    this.workers = workers;
    this.large = large;
    members = new Member[workers.members()];
    for (int i = 0; i < members.length; i++) {
      members[i] = new Member();
    }
  }

  @Override
  public String name() {
    return "onednn";
  }

  @Override
  public boolean supports(Element element) {
    return element == Element.F32 || OneDnn.hasBf16();
  }

  @Override
  public void multiply(Matrix a, Matrix b, Matrix c, boolean accumulate) {
    MatrixProducts.check(a, b, c, accumulate);
    MatrixProducts.split(workers, this, a, b, c, accumulate);
  }

  @Override
  public void multiply(int member, Matrix a, Matrix b, Matrix c, boolean accumulate) {
    MatrixProducts.check(a, b, c, accumulate);
    OneDnn.singleThreaded();
    if (a.element() == Element.F32 && (long) c.rows() * c.cols() * a.cols() >= large) {
      OneDnnSgemm.multiply(a, b, c, accumulate);
      return;
    }
    Shape shape = Shape.of(a, b, c, accumulate);
    Member mine = members[member];
    Call call = mine.calls.get(shape);
    if (call == null) {
      call = new Call(mine.arena, products.computeIfAbsent(shape, Product::new));
      mine.calls.put(shape, call);
    }
    call.run(a.address(), b.address(), c.address(), mine.scratch);
  }

  @Override
  public void close() {
    for (Member member : members) {
      member.close();
    }
    products.values().forEach(Product::close);
  }
}
