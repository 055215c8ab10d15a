package dev.pukara.kernels;

import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses among the implementations, once, at start-up. */
final class KernelsChoice {
  /** System property that forces an implementation. */
  static final String PROPERTY = "pukara.kernels";

  /** Fastest first. */
  private static final List<String> NAMES = List.of("scalar");

  private static final Logger log = LoggerFactory.getLogger(Kernels.class);

  private KernelsChoice() {}

  static Kernels best(Workers workers) {
    String forced = System.getProperty(PROPERTY);
    Kernels kernels = named(forced == null ? NAMES.getFirst() : forced, workers);
    log.info("kernels: {}, {} threads", kernels.name(), workers.members());
    return kernels;
  }

  static Kernels named(String name, Workers workers) {
    return switch (name) {
      case "scalar" -> new ScalarKernels(workers);
      default ->
          throw new IllegalArgumentException(
              String.format(
                  Locale.ROOT, "kernels '%s' (-D%s=): expected one of %s", name, PROPERTY, NAMES));
    };
  }
}
