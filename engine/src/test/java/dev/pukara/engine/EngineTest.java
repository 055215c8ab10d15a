package dev.pukara.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import dev.pukara.model.Llama;
import dev.pukara.model.ModelFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Equivalences on a tiny model: cached = cold, batched = alone, branch = own request. */
class EngineTest {
  private static final Path MODEL =
      Path.of("../model/src/test/resources/golden/gqa2-untied.Q8_0.gguf");
  private static final float TOLERANCE = 1e-3f;
  private static final int[] CANDIDATES = {3, 5, 17};

  /** One per engine, since kernels serve one thread at a time. */
  private final List<Kernels> teams = new ArrayList<>();

  private ModelFile file;
  private int vocabulary;

  @BeforeEach
  void open() throws IOException {
    file = ModelFile.open(MODEL);
    vocabulary = file.config().vocabulary();
  }

  @AfterEach
  void close() {
    file.close();
    teams.forEach(Kernels::close);
  }

  private Engine engine(EngineOptions options) {
    Kernels kernels = Kernels.best();
    teams.add(kernels);
    return new Engine(new Llama(file, kernels, Precision.F32, options.stepTokensMax()), options);
  }

  private static EngineOptions options() {
    return EngineOptions.defaults().withStepTokensMax(64);
  }

  private int[] tokens(Random random, int count) {
    return random.ints(count, 0, vocabulary).toArray();
  }

  private static int[] join(int[] left, int[] right) {
    int[] all = Arrays.copyOf(left, left.length + right.length);
    System.arraycopy(right, 0, all, left.length, right.length);
    return all;
  }

  /** The answer of an engine that has seen nothing. */
  private float[] cold(int[] sequence) {
    try (Engine engine = engine(options())) {
      return engine.submit(Request.of(new int[0], sequence, CANDIDATES)).join().logits()[0];
    }
  }

  @Test
  void cachedEqualsCold() {
    Random random = new Random(1);
    int[] policy = tokens(random, 90);
    try (Engine engine = engine(options())) {
      for (int i = 0; i < 5; i++) {
        int[] stem = tokens(random, 1 + random.nextInt(100));
        Answer answer = engine.submit(Request.of(policy, stem, CANDIDATES)).join();
        assertThat(answer.logits()[0]).containsExactly(cold(join(policy, stem)), offset());
        assertThat(answer.cachedTokens()).isEqualTo(i == 0 ? 0 : policy.length);
      }
      assertThat(engine.stats().hitRate()).isGreaterThan(0.5);
    }
  }

  @Test
  void growingConversationReusesItsTurns() {
    Random random = new Random(2);
    int[] first = tokens(random, 50);
    int[] longer = join(first, tokens(random, 20));
    try (Engine engine = engine(options())) {
      engine.submit(Request.of(new int[0], first, CANDIDATES)).join();
      Answer answer = engine.submit(Request.of(new int[0], longer, CANDIDATES)).join();
      assertThat(answer.cachedTokens()).isEqualTo(50);
      assertThat(answer.logits()[0]).containsExactly(cold(longer), offset());
    }
  }

  @Test
  void batchedEqualsAlone() {
    Random random = new Random(3);
    int[] policy = tokens(random, 40);
    List<int[]> stems = new ArrayList<>();
    List<CompletableFuture<Answer>> answers = new ArrayList<>();
    try (Engine engine = engine(options())) {
      for (int i = 0; i < 40; i++) {
        stems.add(tokens(random, 1 + random.nextInt(i % 5 == 0 ? 150 : 20)));
        answers.add(engine.submit(Request.of(policy, stems.get(i), CANDIDATES)));
        if (i % 7 == 3) {
          answers.get(i - 1).cancel(false);
        }
      }
      for (int i = 0; i < stems.size(); i++) {
        if (!answers.get(i).isCancelled()) {
          assertThat(answers.get(i).join().logits()[0])
              .as("request %d", i)
              .containsExactly(cold(join(policy, stems.get(i))), offset());
        }
      }
      assertThat(engine.stats().steps()).isLessThan(40);
    }
  }

  @Test
  void branchesEqualRequestsOfTheirOwn() {
    Random random = new Random(4);
    int[] stem = tokens(random, 60);
    List<int[]> branches = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      branches.add(tokens(random, 1 + random.nextInt(6)));
    }
    try (Engine engine = engine(options())) {
      Answer answer =
          engine.submit(Request.of(new int[0], stem, CANDIDATES).withBranches(branches)).join();
      for (int i = 0; i < branches.size(); i++) {
        assertThat(answer.logits()[i])
            .as("branch %d", i)
            .containsExactly(cold(join(stem, branches.get(i))), offset());
      }
    }
  }

  @Test
  void evictionChangesNothing() {
    Random random = new Random(5);
    int[] policy = tokens(random, 30);
    long few;
    try (Engine engine = engine(options())) {
      few = engine.model().spanBytes(256);
    }
    try (Engine engine = engine(options().withCacheBytesMax(few))) {
      for (int i = 0; i < 60; i++) {
        int[] stem = tokens(random, 1 + random.nextInt(60));
        Answer answer = engine.submit(Request.of(policy, stem, CANDIDATES)).join();
        assertThat(answer.logits()[0]).containsExactly(cold(join(policy, stem)), offset());
        assertThat(engine.stats().reservedBytes()).isLessThanOrEqualTo(few);
      }
      assertThat(engine.stats().evictions()).isPositive();
    }
  }

  /** All stems fit the memory, and then no branch does: some have to start over, and none fails. */
  @Test
  void manyThatLackOnlyBranchesEndWithLittleMemory() {
    Random random = new Random(9);
    List<int[]> stems = new ArrayList<>();
    int[] branch = tokens(random, 30);
    List<CompletableFuture<Answer>> answers = new ArrayList<>();
    long room;
    try (Engine engine = engine(options())) {
      room = 2 * engine.model().spanBytes(32) + engine.model().spanBytes(16);
    }
    try (Engine engine = engine(options().withCacheBytesMax(room))) {
      for (int i = 0; i < 12; i++) {
        stems.add(tokens(random, 17 + random.nextInt(16)));
        Request request = Request.of(new int[0], stems.get(i), CANDIDATES);
        answers.add(engine.submit(request.withBranches(List.of(branch))));
      }
      for (int i = 0; i < stems.size(); i++) {
        assertThat(answers.get(i).join().logits()[0])
            .as("request %d", i)
            .containsExactly(cold(join(stems.get(i), branch)), offset());
      }
    }
  }

  /** The second policy needs the room of the one whose beginning it could have copied. */
  @Test
  void policyTakesThePlaceOfItsSister() {
    Random random = new Random(8);
    int[] policy = tokens(random, 100);
    int[] sister = policy.clone();
    sister[90] = (sister[90] + 1) % vocabulary;
    int[] stem = tokens(random, 20);
    long room;
    try (Engine engine = engine(options())) {
      room = engine.model().spanBytes(128) + engine.model().spanBytes(64);
    }
    try (Engine engine = engine(options().withCacheBytesMax(room))) {
      for (int[] each : List.of(policy, sister)) {
        long before = engine.stats().computedTokens();
        Answer first = engine.submit(Request.of(each, stem, CANDIDATES)).join();
        assertThat(first.logits()[0]).containsExactly(cold(join(each, stem)), offset());
        Answer second = engine.submit(Request.of(each, stem, CANDIDATES)).join();
        assertThat(second.cachedTokens()).isGreaterThanOrEqualTo(each.length);
        // The policy once, the text twice at most.
        assertThat(engine.stats().computedTokens() - before).isBetween(120L, 140L);
      }
    }
  }

  @Test
  void normalizerIsTheSumOverTheVocabulary() {
    int[] stem = tokens(new Random(6), 10);
    try (Engine engine = engine(options())) {
      Answer some =
          engine.submit(Request.of(new int[0], stem, CANDIDATES).withNormalize(true)).join();
      Answer all = engine.submit(Request.of(new int[0], stem)).join();
      double sum = 0;
      for (float logit : all.logits()[0]) {
        sum += Math.exp(logit);
      }
      assertThat(all.logits()[0]).hasSize(vocabulary);
      assertThat(some.logNormalizers()[0]).isCloseTo(Math.log(sum), Offset.offset(1e-3));
    }
  }

  @Test
  void tooLongForTheCacheIsToldAtOnce() {
    try (Engine engine = engine(options().withCacheBytesMax(1000))) {
      assertFails(
          engine.submit(Request.of(new int[0], new int[100], 1)), EngineException.Reason.TOO_LONG);
    }
  }

  @Test
  void policyTooLongForTheCacheIsToldAndForgotten() throws InterruptedException {
    try (Engine engine = engine(options().withCacheBytesMax(1000))) {
      for (int i = 0; i < 2; i++) {
        assertFails(
            engine.submit(Request.of(new int[100], new int[4], 1)),
            EngineException.Reason.TOO_LONG);
      }
      for (int i = 0; i < 500 && engine.stats().waiting() > 0; i++) {
        Thread.sleep(10);
      }
      assertThat(engine.stats().waiting()).isZero();
    }
  }

  @Test
  void branchLongerThanAStepIsRefused() {
    try (Engine engine = engine(options())) {
      Request request =
          Request.of(new int[0], new int[4], 1).withBranches(List.of(new int[64], new int[65]));
      assertThatThrownBy(() -> engine.submit(request))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("branch of 65 tokens, at most 64");
    }
  }

  /** Branches do not see each other: the longest text that is read counts. */
  @Test
  void limitOfARequestCountsItsLongestBranch() {
    EngineOptions all = options();
    EngineOptions few =
        new EngineOptions(
            all.queueMax(), all.stepTokensMax(), 50, all.cacheBytesMax(), 0, Duration.ZERO);
    Random random = new Random(10);
    int[] stem = tokens(random, 40);
    List<int[]> branches = new ArrayList<>();
    for (int i = 0; i < 14; i++) {
      branches.add(tokens(random, 10));
    }
    Request request = Request.of(new int[0], stem, CANDIDATES).withBranches(branches);
    try (Engine engine = engine(few)) {
      assertThat(engine.submit(request).join().logits()[13])
          .containsExactly(cold(join(stem, branches.get(13))), offset());
      assertThatThrownBy(() -> engine.submit(request.withBranches(List.of(new int[11]))))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("request of 51 tokens, at most 50");
    }
  }

  @Test
  void policiesThatNobodyWaitsForAreNotComputed() throws InterruptedException {
    Random random = new Random(11);
    try (Engine engine = engine(options())) {
      CompletableFuture<Answer> first =
          engine.submit(Request.of(new int[0], tokens(random, 2_000), 1));
      for (int i = 0; i < 100; i++) {
        engine.submit(Request.of(tokens(random, 200), tokens(random, 4), 1)).cancel(false);
      }
      engine.submit(Request.of(new int[0], tokens(random, 4), 1)).join();
      first.join();
      for (int i = 0; i < 500 && engine.stats().waiting() > 0; i++) {
        Thread.sleep(10);
      }
      assertThat(engine.stats().waiting()).isZero();
      assertThat(engine.stats().computedTokens()).isLessThan(2_004 + 5 * 200);
    }
  }

  @Test
  void whatTheModelDoesNotKnowIsRefusedAlone() {
    try (Engine engine = engine(options())) {
      CompletableFuture<Answer> good =
          engine.submit(Request.of(new int[0], tokens(new Random(1), 300), 1));
      int[] bad = {3, vocabulary};
      assertThatThrownBy(() -> engine.submit(Request.of(new int[0], bad, 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("stem: token " + vocabulary);
      assertThatThrownBy(() -> engine.submit(Request.of(new int[0], new int[2], -1)))
          .hasMessageContaining("candidates: token -1");
      assertThat(good.join().logits()[0]).hasSize(1);
    }
  }

  @Test
  void whoHasAnAnswerMayAskAndCloseBeforeGoingOn() {
    Engine engine = engine(options());
    CompletableFuture<Answer> second =
        engine
            .submit(Request.of(new int[0], new int[4], 1))
            .thenApply(first -> engine.submit(Request.of(new int[0], new int[5], 1)).join())
            .whenComplete((answer, failure) -> engine.close());
    assertThat(second.orTimeout(60, TimeUnit.SECONDS).join().tokens()).isEqualTo(5);
    engine.close();
  }

  @Test
  void fullQueueIsAnAnswer() {
    try (Engine engine = engine(options().withQueueMax(1))) {
      engine.submit(Request.of(new int[0], new int[4000], 1));
      assertThatThrownBy(() -> engine.submit(Request.of(new int[0], new int[4], 1)))
          .isInstanceOfSatisfying(
              EngineException.class,
              e -> assertThat(e.reason()).isEqualTo(EngineException.Reason.BUSY));
    }
  }

  @Test
  void closeAnswersWhatIsInFlight() {
    List<CompletableFuture<Answer>> answers = new ArrayList<>();
    try (Engine engine = engine(options())) {
      for (int i = 0; i < 50; i++) {
        answers.add(engine.submit(Request.of(new int[0], tokens(new Random(i), 300), 1)));
      }
    }
    assertThat(answers).allSatisfy(answer -> assertThat(answer).isDone());
    assertFails(answers.getLast(), EngineException.Reason.CLOSED);
  }

  @Test
  void deadlinePasses() {
    try (Engine engine = engine(options())) {
      engine.submit(Request.of(new int[0], tokens(new Random(7), 4000), 1));
      CompletableFuture<Answer> late =
          engine.submit(
              Request.of(new int[0], tokens(new Random(8), 4000), 1)
                  .withTimeout(Duration.ofNanos(1)));
      assertFails(late, EngineException.Reason.TIMEOUT);
    }
  }

  private static void assertFails(CompletableFuture<Answer> answer, EngineException.Reason reason) {
    assertThatThrownBy(answer::join)
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(
            EngineException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private static Offset<Float> offset() {
    return Offset.offset(TOLERANCE);
  }
}
