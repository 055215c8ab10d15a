package dev.pukara.kernels;

import org.jspecify.annotations.Nullable;

/** What the tests of {@link OneDnnKernels} share. */
final class OneDnnTesting {
  private OneDnnTesting() {}

  /** Why oneDNN cannot be tested here, or null. */
  static @Nullable String whyNot() {
    try {
      new OneDnnKernels(new Workers(1), new PlainRowMath()).close();
      return null;
    } catch (IllegalStateException e) {
      return e.getMessage();
    }
  }

  static Kernels kernels(int members) {
    Workers workers = new Workers(members);
    return new OneDnnKernels(workers, new PlainRowMath());
  }
}
