package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The compiled products, one per shape, shared by all layers of that shape; and what each member of
 * the {@link Workers} needs to run them.
 */
final class OneDnnProducts implements AutoCloseable {
  /** Weights of which one packed layout serves every number of rows. */
  private record Packed(Precision precision, int inputs, int outputs) {
    static Packed of(OneDnnProduct.Shape shape) {
      return new Packed(shape.precision(), shape.inputs(), shape.outputs());
    }
  }

  /** A product that is compiled before it is needed. */
  private record Ahead(OneDnnProducts products, OneDnnProduct.Shape shape) implements Preparation {
    @Override
    public int rows() {
      return shape.rows();
    }

    @Override
    public boolean make() {
      return products.compileAhead(shape);
    }
  }

  /** More than a model needs: while a map grows, who compiles makes others wait. */
  private static final int ROOM = 2048;

  private final Map<OneDnnProduct.Shape, OneDnnProduct> products = new ConcurrentHashMap<>(ROOM);
  private final Map<Packed, Long> layouts = new ConcurrentHashMap<>();

  /** Layouts that came with packed weights of an earlier run, not from a product. */
  private final Queue<Long> adopted = new ConcurrentLinkedQueue<>();

  /** The calls of each member, used by its thread only. */
  private final List<Map<OneDnnProduct, OneDnnProduct.Call>> calls;

  /** Longs of a cache line, so that members do not write into the same. */
  private static final int LINE = 16;

  /** {@code (members)}, each in its own cache line. */
  private final long[] nanos;

  private boolean timed;

  private final AtomicInteger ahead = new AtomicInteger();
  private final AtomicInteger onDemand = new AtomicInteger();

  /** Scratch memory of oneDNN. */
  private final Workspace scratch;

  private final Arena arguments = Arena.ofShared();

  OneDnnProducts(int members) {
    calls =
        IntStream.range(0, members)
            .<Map<OneDnnProduct, OneDnnProduct.Call>>mapToObj(i -> new HashMap<>())
            .toList();
    scratch = new Workspace(members);
    nanos = new long[LINE * members];
  }

  /** The product of a shape, compiled now if it is new. */
  OneDnnProduct get(OneDnnProduct.Shape shape) {
    OneDnnProduct known = products.get(shape);
    return known != null ? known : products.computeIfAbsent(shape, this::compileOnDemand);
  }

  /** The product of a shape, to be compiled before it is needed. */
  Preparation preparation(OneDnnProduct.Shape shape) {
    return new Ahead(this, shape);
  }

  /**
   * Compiles the product of a shape and runs it once: on AMX the first run takes as long as
   * compiling. Returns false if the product is there.
   */
  private boolean compileAhead(OneDnnProduct.Shape shape) {
    if (products.containsKey(shape)) {
      return false;
    }
    AtomicBoolean isNew = new AtomicBoolean();
    OneDnnProduct product =
        products.computeIfAbsent(
            shape,
            absent -> {
              isNew.set(true);
              return compile(absent);
            });
    if (isNew.get()) {
      ahead.incrementAndGet();
      product.rehearse();
    }
    return isNew.get();
  }

  private OneDnnProduct compileOnDemand(OneDnnProduct.Shape shape) {
    OneDnnProduct product = compile(shape);
    onDemand.incrementAndGet();
    return product;
  }

  /** How many products there are. */
  ProductCounts counts() {
    return new ProductCounts(ahead.get(), onDemand.get());
  }

  private OneDnnProduct compile(OneDnnProduct.Shape shape) {
    if (shape.layout() != OneDnnProduct.Layout.PACKED) {
      return new OneDnnProduct(shape, 0);
    }
    long layout = layouts.getOrDefault(Packed.of(shape), 0L);
    OneDnnProduct product = new OneDnnProduct(shape, layout);
    layouts.putIfAbsent(Packed.of(shape), product.weights());
    return product;
  }

  /**
   * Descriptor of the packed weights of a shape. It is written into empty memory; from filled
   * memory it is read, so that every product of these weights is made for the layout that they
   * have.
   *
   * @throws PackedMemory.MisfitException if the memory holds another layout than the one in use
   */
  long layout(OneDnnProduct.Shape shape, PackedMemory memory) {
    if (!memory.isFilled()) {
      long layout = get(shape).weights();
      byte[] bytes = OneDnn.descriptorBytes(layout);
      memory.take(Long.BYTES).set(ValueLayout.JAVA_LONG, 0, bytes.length);
      memory.take(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
      return layout;
    }
    long length = memory.take(Long.BYTES).get(ValueLayout.JAVA_LONG, 0);
    long stored = OneDnn.descriptorOf(memory.take(length).toArray(ValueLayout.JAVA_BYTE));
    adopted.add(stored);
    Long known = layouts.putIfAbsent(Packed.of(shape), stored);
    if (known != null && !OneDnn.sameDescriptor(known, stored)) {
      throw new PackedMemory.MisfitException("packed weights of another layout for " + shape);
    }
    return stored;
  }

  /**
   * Runs the product of {@code shape} on the thread of member {@code member}. The others are
   * addresses.
   *
   * @param constants of the weights, see {@link OneDnnProduct.Shape#constants}; 0 if there are none
   */
  void run(
      int member,
      OneDnnProduct.Shape shape,
      long source,
      long weights,
      long constants,
      long target) {
    OneDnnProduct product = get(shape);
    OneDnnProduct.Call call = calls.get(member).get(product);
    if (call == null) {
      call = product.new Call(arguments);
      calls.get(member).put(product, call);
    }
    long own = scratch.own(member, product.scratchBytes());
    long start = timed ? System.nanoTime() : 0;
    call.run(source, weights, constants, own, target);
    if (timed) {
      nanos[LINE * member] += System.nanoTime() - start;
    }
  }

  /** Starts the clock. */
  void time() {
    timed = true;
  }

  /** Time in products since then, of all members together; to be read between loops. */
  long nanos() {
    return LongStream.of(nanos).sum();
  }

  /** What is destroyed is forgotten: oneDNN ends the process if something is destroyed twice. */
  @Override
  public void close() {
    for (Map<OneDnnProduct, OneDnnProduct.Call> mine : calls) {
      mine.values().forEach(OneDnnProduct.Call::close);
      mine.clear();
    }
    products.values().forEach(OneDnnProduct::close);
    products.clear();
    adopted.forEach(OneDnn::destroyDescriptor);
    adopted.clear();
    scratch.close();
    arguments.close();
  }
}
