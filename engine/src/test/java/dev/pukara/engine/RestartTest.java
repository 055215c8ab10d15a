package dev.pukara.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.cache.CacheEntry;
import dev.pukara.cache.UserCache;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import dev.pukara.model.Llama;
import dev.pukara.model.ModelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept between starts changes the time of the first answer and nothing else. */
class RestartTest {
  private static final Path MODEL =
      Path.of("../model/src/test/resources/golden/gqa2-untied.Q8_0.gguf");
  private static final int[] CANDIDATES = {3, 5, 17};

  @TempDir Path folder;

  private UserCache cache() {
    return UserCache.at(folder.resolve("pukara"), 1 << 28);
  }

  /** One process's life: the answer, and how much of it came from the cache. */
  private static Answer start(Optional<UserCache> cache, int[] policy, int[] message)
      throws IOException {
    EngineOptions options = EngineOptions.defaults().withStepTokensMax(64);
    try (ModelFile file = ModelFile.open(MODEL);
        Kernels kernels = Kernels.best()) {
      Precision precision = kernels.precisions().getFirst();
      Llama model = Llama.open(file, kernels, precision, options.stepTokensMax(), cache);
      try (Engine engine = new Engine(model, options, cache)) {
        return engine.submit(Request.of(policy, message, CANDIDATES)).join();
      }
    }
  }

  private List<String> kinds() throws IOException {
    return cache().list().stream()
        .map(entry -> entry.path().getFileName().toString().replaceAll("-.*", ""))
        .sorted()
        .toList();
  }

  @Test
  void secondStartGivesTheSameBits() throws IOException {
    Random random = new Random(20261126);
    int[] policy = random.ints(90, 0, 100).toArray();
    int[] message = random.ints(20, 0, 100).toArray();
    Answer without = start(Optional.empty(), policy, message);
    Answer first = start(Optional.of(cache()), policy, message);
    assertThat(first.cachedTokens()).isZero();
    assertThat(first.logits()).isDeepEqualTo(without.logits());
    List<String> kept = kinds();
    assertThat(kept).contains("prefix");
    Answer second = start(Optional.of(cache()), policy, message);
    assertThat(second.cachedTokens()).isEqualTo(policy.length);
    assertThat(second.logits()).isDeepEqualTo(without.logits());
    assertThat(kinds()).isEqualTo(kept);
  }

  @Test
  void brokenFilesAreMadeAgain() throws IOException {
    int[] policy = IntStream.range(0, 50).toArray();
    int[] message = {7, 8, 9};
    Answer first = start(Optional.of(cache()), policy, message);
    for (CacheEntry entry : cache().list()) {
      byte[] bytes = Files.readAllBytes(entry.path());
      bytes[bytes.length - 1] ^= 1;
      Files.write(entry.path(), bytes);
    }
    Answer second = start(Optional.of(cache()), policy, message);
    assertThat(second.cachedTokens()).isZero();
    assertThat(second.logits()).isDeepEqualTo(first.logits());
    assertThat(start(Optional.of(cache()), policy, message).cachedTokens())
        .isEqualTo(policy.length);
  }

  @Test
  void onlyTheFirstPoliciesAreKept() throws IOException {
    EngineOptions options = EngineOptions.defaults().withStepTokensMax(64);
    try (ModelFile file = ModelFile.open(MODEL);
        Kernels kernels = Kernels.best()) {
      Llama model = new Llama(file, kernels, Precision.F32, options.stepTokensMax());
      try (Engine engine = new Engine(model, options, Optional.of(cache()))) {
        for (int i = 0; i < 10; i++) {
          engine.submit(Request.of(new int[] {i, i + 1, 2}, new int[] {4}, CANDIDATES)).join();
        }
      }
    }
    assertThat(kinds()).containsExactly("prefix", "prefix", "prefix", "prefix");
  }
}
