package dev.pukara.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import dev.pukara.model.ModelFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * In every precision of this machine: whatever runs beside a request, is cached, cancelled or
 * evicted, its answer is that of an engine that sees nothing else.
 */
class EquivalenceTest {
  private static final Path MODEL =
      Path.of("../model/src/test/resources/golden/gqa2-untied.Q8_0.gguf");
  private static final long SEED = 20261126;
  private static final int[] CANDIDATES = {3, 5};

  private ModelFile file;

  static Stream<Precision> precisions() {
    try (Kernels kernels = Kernels.best()) {
      return kernels.precisions().stream();
    }
  }

  @BeforeEach
  void open() throws IOException {
    file = ModelFile.open(MODEL);
  }

  @AfterEach
  void close() {
    file.close();
  }

  private RunningEngine running(Precision precision, int cacheTokens) {
    return new RunningEngine(
        file,
        precision,
        (options, model) -> options.withCacheBytesMax(model.spanBytes(cacheTokens)));
  }

  private static double score(RunningEngine running, int[] prefix, int[] stem) {
    return probability(running.engine.submit(Request.of(prefix, stem, CANDIDATES)).join());
  }

  private static double probability(Answer answer) {
    float[] logits = answer.logits()[0];
    return 1 / (1 + Math.exp((double) logits[0] - logits[1]));
  }

  private int[] tokens(Random random, int count) {
    return random.ints(count, 0, file.config().vocabulary()).toArray();
  }

  @ParameterizedTest
  @MethodSource("precisions")
  void nothingChangesAnAnswer(Precision precision) {
    Random random = new Random(SEED);
    int[] policy = tokens(random, 70);
    int[] sister = tokens(random, 90); // begins as the first one does
    System.arraycopy(policy, 0, sister, 0, 40);
    List<int[]> policies = List.of(policy, sister, tokens(random, 33), new int[0]);
    List<int[]> prefixes = new ArrayList<>();
    List<int[]> stems = new ArrayList<>();
    List<CompletableFuture<Answer>> answers = new ArrayList<>();
    // Room for a few requests only, so that runs are evicted all the time.
    try (RunningEngine running = running(precision, 512)) {
      for (int i = 0; i < 60; i++) {
        prefixes.add(policies.get(random.nextInt(4)));
        stems.add(tokens(random, 1 + random.nextInt(i % 6 == 0 ? 120 : 25)));
        Request request = Request.of(prefixes.get(i), stems.get(i), CANDIDATES);
        answers.add(running.engine.submit(request));
        if (i % 5 == 4) {
          answers.get(random.nextInt(i)).cancel(false);
        }
        if (i % 20 == 19) {
          settled(answers.get(i - 3));
        }
      }
      for (int i = 0; i < answers.size(); i++) {
        if (!answers.get(i).isCancelled()) {
          double expected = alone(precision, prefixes.get(i), stems.get(i));
          assertThat(probability(answers.get(i).join()))
              .as("request %d, %s, seed %d", i, precision.id(), SEED)
              .isCloseTo(expected, Offset.offset(1e-3));
        }
      }
      assertThat(running.engine.stats().evictions()).isPositive();
    }
  }

  /** The same of an engine that has seen nothing. */
  private double alone(Precision precision, int[] prefix, int[] stem) {
    try (RunningEngine alone = running(precision, 512)) {
      return score(alone, prefix, stem);
    }
  }

  /**
   * A policy and its text are computed one after the other, always. As one run attention would add
   * in another order, whose last bit int8 layers amplify: to the third digit on this model of
   * random weights, to the second on the bundled guard.
   */
  @ParameterizedTest
  @MethodSource("precisions")
  void policyAndTextAreNearlyThatOfOneRun(Precision precision) {
    Random random = new Random(SEED);
    for (int i = 0; i < 20; i++) {
      int[] prefix = tokens(random, 1 + random.nextInt(70));
      int[] stem = tokens(random, 1 + random.nextInt(60));
      int[] all = Arrays.copyOf(prefix, prefix.length + stem.length);
      System.arraycopy(stem, 0, all, prefix.length, stem.length);
      assertThat(alone(precision, prefix, stem))
          .as("%d + %d tokens, %s", prefix.length, stem.length, precision.id())
          .isCloseTo(
              alone(precision, new int[0], all),
              Offset.offset(precision == Precision.F32 ? 1e-4 : 4e-3));
    }
  }

  /**
   * Requests, branches, decoding, cancelled and late ones in any order: every byte is accounted.
   */
  @ParameterizedTest
  @MethodSource("precisions")
  void accountsAreExactAfterRandomArrivals(Precision precision) throws InterruptedException {
    for (long seed = SEED; seed < SEED + 3; seed++) {
      try (RunningEngine running = running(precision, 256)) {
        Random random = new Random(seed);
        int[] policy = tokens(random, 40);
        List<CompletableFuture<?>> asked = new ArrayList<>();
        for (int i = 0; i < 80; i++) {
          int[] stem = tokens(random, 1 + random.nextInt(60));
          asked.add(arrive(running.engine, random, policy, stem));
          if (random.nextInt(6) == 0) {
            asked.get(random.nextInt(asked.size())).cancel(false);
          }
        }
        asked.forEach(EquivalenceTest::settled);
        score(running, policy, new int[] {1}); // the last step publishes its figures
        EngineStats idle = idle(running.engine);
        assertThat(idle.cacheBytes()).as("seed %d", seed).isEqualTo(idle.keptBytes());
        assertThat(idle.reservedBytes())
            .isGreaterThanOrEqualTo(idle.cacheBytes())
            .isLessThanOrEqualTo(running.engine.model().spanBytes(256));
        assertThat(idle.cacheNodes()).isPositive();
      }
    }
  }

  private CompletableFuture<?> arrive(Engine engine, Random random, int[] policy, int[] stem) {
    Request request = Request.of(random.nextBoolean() ? policy : new int[0], stem, CANDIDATES);
    return switch (random.nextInt(4)) {
      case 0 -> engine.decode(DecodeRequest.of(policy, stem, Set.of(), 1 + random.nextInt(9)));
      case 1 -> engine.submit(request.withBranches(List.of(new int[] {1}, new int[] {2, 3})));
      case 2 -> engine.submit(request.withTimeout(Duration.ofMillis(1 + random.nextInt(20))));
      default -> engine.submit(request);
    };
  }

  private static void settled(CompletableFuture<?> future) {
    try {
      future.join();
    } catch (CompletionException | CancellationException e) {
      assertThat(future).isDone();
    }
  }

  /** The figures when nothing waits or runs any more. */
  private static EngineStats idle(Engine engine) throws InterruptedException {
    for (int i = 0; i < 500 && engine.stats().waiting() > 0; i++) {
      Thread.sleep(10);
    }
    Thread.sleep(20);
    return engine.stats();
  }
}
