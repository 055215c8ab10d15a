package dev.pukara.kernels;

import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses among the implementations, once, at start-up. */
final class KernelsChoice {
  /** System property that forces an implementation. */
  static final String PROPERTY = "pukara.kernels";

  /**
   * System property of a launcher that leaves the Vector API out on purpose ({@code vector}), for a
   * fast start: then its absence is not worth a warning, unless oneDNN is absent too.
   */
  static final String QUIET = "pukara.quiet";

  /** Fastest first. */
  private static final List<String> NAMES = List.of("onednn", "vector", "scalar");

  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  private static final Logger log = LoggerFactory.getLogger(Kernels.class);

  private KernelsChoice() {}

  static Kernels best(Workers workers) {
    String forced = System.getProperty(PROPERTY);
    Kernels kernels;
    if (forced != null) {
      kernels = named(forced, workers);
    } else {
      kernels = fastest(workers);
    }
    log.info("kernels: {}, {} threads", kernels.name(), workers.members());
    return kernels;
  }

  private static Kernels fastest(Workers workers) {
    try {
      Kernels kernels = oneDnn(workers);
      if (!vectorModule() && !"vector".equals(System.getProperty(QUIET))) {
        warn("what lies between the products is slower");
      }
      return kernels;
    } catch (KernelsException | LinkageError unavailable) {
      log.warn("oneDNN is not used: {}", unavailable.getMessage());
      if (!vectorModule()) {
        warn("plain loops are many times slower");
      }
      return withoutNative(workers);
    }
  }

  private static void warn(String consequence) {
    log.warn(
        "module {} is not there: {}; start java with --add-modules {}",
        VECTOR_MODULE,
        consequence,
        VECTOR_MODULE);
  }

  private static Kernels oneDnn(Workers workers) {
    return new OneDnnKernels(workers, vectorModule() ? vectorRowMath() : new PlainRowMath());
  }

  private static Kernels withoutNative(Workers workers) {
    return vectorModule() ? vector(workers) : new ScalarKernels(workers);
  }

  static Kernels named(String name, Workers workers) {
    return switch (name) {
      case "onednn" -> {
        try {
          yield oneDnn(workers);
        } catch (KernelsException e) {
          throw new KernelsException(
              e.getMessage() + ". Without a choice of kernels the best of the others are taken");
        }
      }
      case "scalar" -> new ScalarKernels(workers);
      case "vector" -> {
        requireVectorModule("kernels '" + name + "'");
        yield vector(workers);
      }
      default ->
          throw new IllegalArgumentException(
              String.format(
                  Locale.ROOT, "kernels '%s' (-D%s=): expected one of %s", name, PROPERTY, NAMES));
    };
  }

  static void requireVectorModule(String who) {
    if (!vectorModule()) {
      throw new KernelsException(
          String.format(
              Locale.ROOT,
              "%s: module %s is not there; start java with --add-modules %s",
              who,
              VECTOR_MODULE,
              VECTOR_MODULE));
    }
  }

  static boolean vectorModule() {
    return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
  }

  // The only mentions of these classes: without the module they must not be linked.

  private static RowMath vectorRowMath() {
    return new VectorRowMath();
  }

  private static Kernels vector(Workers workers) {
    return new VectorKernels(workers);
  }
}
