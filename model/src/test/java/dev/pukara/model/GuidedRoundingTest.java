package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.KvSpan;
import dev.pukara.kernels.Precision;
import dev.pukara.kernels.Slice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuidedRoundingTest {
  private static final StorageTypes TYPES =
      new StorageTypes(
          Optional.of(BlockFormat.Q4_0),
          Optional.of(BlockFormat.Q8_0),
          Optional.of(BlockFormat.Q5_0));

  @TempDir private Path temp;

  /** Prompts of two policies. */
  private static List<GuidedRounding.Prompt> prompts(LlamaConfig config) {
    Random random = new Random(20261127);
    List<int[]> policies =
        List.of(
            random.ints(40, 0, config.vocabulary()).toArray(),
            random.ints(30, 0, config.vocabulary()).toArray());
    List<GuidedRounding.Prompt> prompts = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      int[] rest = random.ints(20 + random.nextInt(40), 0, config.vocabulary()).toArray();
      prompts.add(new GuidedRounding.Prompt(policies.get(i % 2), rest));
    }
    return prompts;
  }

  private static int[] whole(GuidedRounding.Prompt prompt) {
    return IntStream.concat(IntStream.of(prompt.prefix()), IntStream.of(prompt.rest())).toArray();
  }

  /** Of the last tokens. */
  private static List<float[]> logits(
      ModelFile file, Kernels kernels, List<GuidedRounding.Prompt> prompts) {
    List<float[]> all = new ArrayList<>();
    try (Llama model = new Llama(file, kernels, Precision.F32, 128);
        Llama.Head head = model.fullHead()) {
      for (GuidedRounding.Prompt prompt : prompts) {
        int[] tokens = whole(prompt);
        try (Arena arena = Arena.ofShared()) {
          KvSpan span = model.span(arena, tokens.length);
          model.forward(tokens, List.of(new Slice(0, tokens.length, List.of(), span, 0)));
          all.add(model.logits(new int[] {tokens.length - 1}, head)[0]);
        }
      }
    }
    return all;
  }

  private static double distance(float[] a, float[] b) {
    double squares = 0;
    for (int i = 0; i < a.length; i++) {
      squares += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(squares);
  }

  @Test
  void logitsStayCloserThanByNearestValues() throws IOException {
    Path guidedFile = temp.resolve("guided.gguf");
    Path nearestFile = temp.resolve("nearest.gguf");
    List<Integer> seen = new ArrayList<>();
    try (Kernels kernels = Kernels.best();
        ModelFile source = ModelFile.open(Golden.path("mha-tied"))) {
      List<GuidedRounding.Prompt> prompts = prompts(source.config());
      ModelConverter.convert(source, nearestFile, TYPES);
      try (GuidedRounding rounding =
          GuidedRounding.of(source, kernels, TYPES, prompts, seen::add)) {
        WrittenModel written = ModelConverter.convert(source, rounding, guidedFile, TYPES);
        assertThat(written.tensors())
            .containsOnlyKeys(
                BlockFormat.F32, BlockFormat.Q4_0, BlockFormat.Q5_0, BlockFormat.Q8_0);
        assertThat(written.notes()).isEmpty();
      }
      List<float[]> exact = logits(source, kernels, prompts);
      double guidedError = 0;
      double nearestError = 0;
      try (ModelFile guided = ModelFile.open(guidedFile);
          ModelFile nearest = ModelFile.open(nearestFile)) {
        List<float[]> byRows = logits(guided, kernels, prompts);
        List<float[]> byValues = logits(nearest, kernels, prompts);
        for (int i = 0; i < exact.size(); i++) {
          guidedError += distance(exact.get(i), byRows.get(i));
          nearestError += distance(exact.get(i), byValues.get(i));
        }
      }
      // 0.83: in a model of random weights little goes together.
      assertThat(guidedError / nearestError).isLessThan(0.9);
    }
    assertThat(seen).isNotEmpty().endsWith(60);
  }

  /** A policy read once counts as often as if every prompt had been read whole. */
  @Test
  void sharedPrefixesCountForEveryPrompt() throws IOException {
    try (Kernels kernels = Kernels.best();
        ModelFile source = ModelFile.open(Golden.path("mha-tied"))) {
      List<GuidedRounding.Prompt> shared = prompts(source.config());
      List<GuidedRounding.Prompt> whole =
          shared.stream()
              .map(prompt -> new GuidedRounding.Prompt(new int[0], whole(prompt)))
              .toList();
      try (InputMoments one = InputMoments.measure(source, kernels, shared, seen -> {});
          InputMoments other = InputMoments.measure(source, kernels, whole, seen -> {})) {
        for (LinearKind kind : LinearKind.values()) {
          float[] left = one.of(kind, 1).toArray();
          float[] right = other.of(kind, 1).toArray();
          double scale = 0;
          for (float value : right) {
            scale = Math.max(scale, Math.abs(value));
          }
          for (int i = 0; i < left.length; i++) {
            assertThat(Math.abs(left[i] - right[i]))
                .as(kind.label())
                .isLessThan((float) (1e-4 * scale));
          }
        }
      }
    }
  }

  @Test
  void refusesOtherTypesAndNothingToRead() throws IOException {
    try (Kernels kernels = Kernels.best();
        ModelFile source = ModelFile.open(Golden.path("mha-tied"))) {
      List<GuidedRounding.Prompt> prompts = prompts(source.config());
      StorageTypes other = StorageTypes.of(BlockFormat.Q4_1);
      assertThatThrownBy(() -> GuidedRounding.of(source, kernels, other, prompts, seen -> {}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("Q4_0, Q5_0 or Q8_0");
      assertThatThrownBy(() -> GuidedRounding.of(source, kernels, TYPES, List.of(), seen -> {}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("prompt");
    }
  }
}
