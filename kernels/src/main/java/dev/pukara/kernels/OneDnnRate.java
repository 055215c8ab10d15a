package dev.pukara.kernels;

import java.lang.foreign.Arena;
import java.util.concurrent.atomic.LongAdder;

/**
 * The rate of oneDNN's bare products on this machine: all members multiply for themselves, in
 * cache, a shape that suits them. Nothing that needs products can be faster.
 */
final class OneDnnRate {
  private static final int ROWS = OneDnnBlocks.MAX;
  private static final int INPUTS = 1024;
  private static final int OUTPUTS = 256;

  private OneDnnRate() {}

  /**
   * 10^9 operations (a multiplication and an addition are two) per second, over {@code nanos} and
   * at least one product of each member.
   */
  static double gops(OneDnnProducts products, Workers workers, Precision precision, long nanos) {
    OneDnnProduct.Shape shape =
        new OneDnnProduct.Shape(
            precision, OneDnnProduct.Layout.PACKED, ROWS, INPUTS, INPUTS, OUTPUTS);
    OneDnnProduct product = products.get(shape);
    LongAdder runs = new LongAdder();
    long start = System.nanoTime();
    workers.run(
        (member, members) -> {
          OneDnn.singleThreaded();
          try (Arena arena = Arena.ofConfined()) {
            OneDnnProduct.Operands zeros = product.zeros(arena);
            do {
              products.run(
                  member,
                  shape,
                  zeros.source(),
                  zeros.weights(),
                  zeros.constants(),
                  zeros.target());
              runs.increment();
            } while (System.nanoTime() - start < nanos);
          }
        });
    return 2.0 * ROWS * INPUTS * OUTPUTS * runs.sum() / (System.nanoTime() - start);
  }
}
