package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

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

  /** What one member of the team calls its own. */
  static final class Member implements AutoCloseable {
    /** Results of a product on their way to where they belong. */
    final NativeBuffer results = new NativeBuffer();

    /** Scratch memory of oneDNN. */
    final NativeBuffer scratch = new NativeBuffer();

    /** A row of f32. */
    final NativeBuffer row = new NativeBuffer();

    private final Map<OneDnnProduct, OneDnnProduct.Call> calls = new HashMap<>();
    private final Arena arguments = Arena.ofShared();

    OneDnnProduct.Call call(OneDnnProduct product) {
      return calls.computeIfAbsent(product, p -> p.new Call(arguments));
    }

    @Override
    public void close() {
      calls.values().forEach(OneDnnProduct.Call::close);
      results.close();
      scratch.close();
      row.close();
      arguments.close();
    }
  }

  private final Map<OneDnnProduct.Shape, OneDnnProduct> products = new ConcurrentHashMap<>();
  private final Map<Packed, Long> layouts = new ConcurrentHashMap<>();
  private final Member[] members;

  OneDnnProducts(int members) {
    this.members = new Member[members];
    for (int i = 0; i < members; i++) {
      this.members[i] = new Member();
    }
  }

  /** The product of a shape, compiled now if it is new. */
  OneDnnProduct get(OneDnnProduct.Shape shape) {
    OneDnnProduct known = products.get(shape);
    return known != null ? known : products.computeIfAbsent(shape, this::compile);
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

  /** The things of member {@code index}, for its thread only. */
  Member member(int index) {
    return members[index];
  }

  @Override
  public void close() {
    for (Member member : members) {
      member.close();
    }
    products.values().forEach(OneDnnProduct::close);
  }
}
