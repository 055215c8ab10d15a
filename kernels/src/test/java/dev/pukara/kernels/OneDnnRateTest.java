package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The rate is that of whole products over the time that they took. */
class OneDnnRateTest {
  private static final double OPERATIONS = 2.0 * 256 * 1024 * 256;

  private Kernels kernels;

  @BeforeEach
  void open() {
    String reason = OneDnnTesting.whyNot();
    assumeTrue(reason == null, reason);
    kernels = OneDnnTesting.kernels(2);
  }

  @AfterEach
  void close() {
    if (kernels != null) {
      kernels.close();
    }
  }

  @Test
  void everyPrecisionHasOne() {
    long nanos = TimeUnit.MILLISECONDS.toNanos(40);
    for (Precision precision : kernels.precisions()) {
      long start = System.nanoTime();
      double gops = kernels.productGops(precision, nanos);
      long elapsed = System.nanoTime() - start;
      assertThat(elapsed).as("%s", precision).isGreaterThanOrEqualTo(nanos);
      assertThat(gops * elapsed).as("%s", precision).isFinite().isGreaterThanOrEqualTo(OPERATIONS);
    }
  }

  @Test
  void evenWithoutTimeEachMemberRunsOne() {
    for (Precision precision : kernels.precisions()) {
      assertThat(kernels.productGops(precision, 0)).as("%s", precision).isPositive();
    }
  }

  @Test
  void oneProductServesAllMembersAndCalls() {
    kernels.productGops(Precision.F32, 1_000);
    kernels.productGops(Precision.F32, 1_000);
    assertThat(kernels.productCounts()).isEqualTo(new ProductCounts(0, 1));
  }

  @Test
  void otherKernelsCannotTell() {
    try (Kernels scalar = new ScalarKernels(new Workers(1))) {
      assertThat(scalar.productGops(Precision.F32, 1_000)).isNaN();
    }
  }
}
