package dev.pukara.model;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A value computed when it is first asked for, once; a failed computation is tried again. */
final class Once<T> implements Supplier<T> {
  private final Supplier<T> computation;
  private @Nullable T value;

  private Once(Supplier<T> computation) {
    this.computation = computation;
  }

  static <T> Once<T> of(Supplier<T> computation) {
    return new Once<>(computation);
  }

  @Override
  public synchronized T get() {
    if (value == null) {
      value = computation.get();
    }
    return value;
  }
}
