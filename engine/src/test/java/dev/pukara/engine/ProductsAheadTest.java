package dev.pukara.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import dev.pukara.model.ModelFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An engine that had time to prepare compiles nothing while it answers. */
@Timeout(60)
class ProductsAheadTest {
  private static final Path MODEL =
      Path.of("../model/src/test/resources/golden/gqa2-untied.Q8_0.gguf");
  private static final int[] CANDIDATES = {3, 5};
  private static final int ALL = 5_000;

  private ModelFile file;
  private Precision precision;

  @BeforeEach
  void open() throws IOException {
    file = ModelFile.open(MODEL);
    try (Kernels kernels = Kernels.best()) {
      precision = kernels.precisions().getFirst();
    }
  }

  @AfterEach
  void close() {
    file.close();
  }

  private RunningEngine running(int productsAheadMax) {
    return new RunningEngine(
        file,
        precision,
        (options, model) -> options.withProductsAhead(productsAheadMax, Duration.ZERO));
  }

  private static boolean compiles(RunningEngine running) {
    return running.kernels.name().equals("onednn");
  }

  private static EngineStats prepared(RunningEngine running) {
    while (running.engine.stats().aheadLeft() > 0) {
      LockSupport.parkNanos(50_000);
    }
    return running.engine.stats();
  }

  private int[] tokens(Random random, int count) {
    return random.ints(count, 0, file.config().vocabulary()).toArray();
  }

  private int[] policy() {
    return tokens(new Random(1), 290);
  }

  /** Requests of all sizes, alone and many at once, with branches. */
  private List<float[][]> answers(Engine engine) {
    Random random = new Random(20261127);
    int[] policy = policy();
    List<float[][]> answers = new ArrayList<>();
    for (int size = 1; size <= 70; size += 3) {
      Request request = Request.of(policy, tokens(random, size), CANDIDATES);
      if (size % 2 == 0) {
        request = request.withBranches(List.of(tokens(random, 2), tokens(random, 5)));
      }
      answers.add(engine.submit(request).join().logits());
    }
    List<CompletableFuture<Answer>> together = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      together.add(engine.submit(Request.of(policy, tokens(random, 1 + i), CANDIDATES)));
    }
    together.forEach(answer -> answers.add(answer.join().logits()));
    return answers;
  }

  @Test
  void answersCompileNothing() {
    try (RunningEngine running = running(ALL)) {
      // The policy and the candidates become known.
      running.engine.submit(Request.of(policy(), new int[] {1}, CANDIDATES)).join();
      EngineStats before = prepared(running);
      answers(running.engine);
      EngineStats after = prepared(running);
      assertThat(after.productsOnDemand()).isEqualTo(before.productsOnDemand());
      assertThat(after.productsAhead()).isEqualTo(before.productsAhead());
      assertThat(after.productsAhead() > 0).isEqualTo(compiles(running));
    }
  }

  @Test
  void answersAreTheSame() {
    try (RunningEngine prepared = running(ALL);
        RunningEngine unprepared = running(0)) {
      prepared(prepared);
      List<float[][]> expected = answers(unprepared.engine);
      List<float[][]> actual = answers(prepared.engine);
      for (int i = 0; i < expected.size(); i++) {
        for (int j = 0; j < expected.get(i).length; j++) {
          assertThat(actual.get(i)[j])
              .as("request %d, branch %d", i, j)
              .containsExactly(expected.get(i)[j], Offset.offset(1e-3f));
        }
      }
      assertThat(unprepared.engine.stats().productsAhead()).isZero();
      assertThat(unprepared.engine.stats().productsOnDemand() > 0).isEqualTo(compiles(unprepared));
    }
  }

  @Test
  void noMoreThanTheLimit() {
    try (RunningEngine running = running(3)) {
      assertThat(prepared(running).productsAhead()).isEqualTo(compiles(running) ? 3 : 0);
      answers(running.engine);
      assertThat(prepared(running).productsAhead()).isEqualTo(compiles(running) ? 3 : 0);
    }
  }

  @Test
  void closesWhilePreparing() {
    for (int i = 0; i < 20; i++) {
      try (RunningEngine running = running(ALL)) {
        int enough = i % 5;
        while (running.engine.stats().productsAhead() < enough && compiles(running)) {
          LockSupport.parkNanos(50_000);
        }
      }
    }
  }

  @Test
  void limitsAreChecked() {
    EngineOptions options = EngineOptions.defaults();
    assertThatThrownBy(() -> options.withProductsAhead(-1, Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("productsAheadMax -1");
    assertThatThrownBy(() -> options.withProductsAhead(1, Duration.ofMillis(-1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("aheadAfter");
  }
}
