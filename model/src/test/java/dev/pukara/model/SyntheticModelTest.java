package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Weights;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SyntheticModelTest {
  @TempDir Path temp;

  @Test
  void writesAModelThatOpens() throws IOException {
    Path target = temp.resolve("tiny.gguf");
    WrittenModel written = write(target, 7, Optional.empty());
    assertThat(written.tensors())
        .containsEntry(BlockFormat.Q8_0, 15)
        .containsEntry(BlockFormat.F32, 5);
    try (ModelFile file = ModelFile.open(target)) {
      assertThat(file.config()).isEqualTo(SyntheticModel.Shape.TINY.config());
      Weights weights = file.weights("model.layers.1.mlp.down_proj.weight", 64, 192);
      float[] values = new float[192];
      double squares = 0;
      Set<Float> firsts = new HashSet<>();
      for (int row = 0; row < 64; row++) {
        weights.format().decode(weights.row(row), 0, 192, MemorySegment.ofArray(values), 0);
        firsts.add(values[0]);
        for (float value : values) {
          squares += value * value;
        }
      }
      // variance 1 / inputs, and no row is another's copy
      assertThat(squares / 64).isBetween(0.9, 1.1);
      assertThat(firsts).hasSizeGreaterThan(60);
    }
  }

  @Test
  void theSeedIsTheFile() throws IOException {
    write(temp.resolve("a.gguf"), 1, Optional.empty());
    write(temp.resolve("b.gguf"), 1, Optional.empty());
    write(temp.resolve("c.gguf"), 2, Optional.empty());
    byte[] first = Files.readAllBytes(temp.resolve("a.gguf"));
    assertThat(Files.readAllBytes(temp.resolve("b.gguf"))).isEqualTo(first);
    assertThat(Files.readAllBytes(temp.resolve("c.gguf"))).isNotEqualTo(first);
  }

  @Test
  void takesAGivenVocabularyAndFillsItUp() throws IOException {
    Path target = temp.resolve("given.gguf");
    try (ModelFile golden = ModelFile.open(Golden.path("gqa4-tied"))) {
      write(target, 1, Optional.of(golden.tokenizer()));
      try (ModelFile file = ModelFile.open(target)) {
        TokenizerSpec spec = file.tokenizer();
        assertThat(spec.tokens()).hasSize(1024).startsWith(golden.tokenizer().tokens().get(0));
        assertThat(spec.tokens().getLast()).isEqualTo("[PAD1023]");
        assertThat(spec.types()[1023]).isEqualTo(5);
        assertThat(spec.pre()).isEqualTo(TokenizerSpec.Pre.SMOLLM);
      }
    }
  }

  @Test
  void aVocabularyLargerThanTheShapeIsRefused() {
    assertThatThrownBy(
            () -> write(temp.resolve("no.gguf"), 1, Optional.of(SyntheticVocabulary.of(1025))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("1025 tokens, expected at most the 1024 of tiny");
  }

  private static WrittenModel write(Path target, long seed, Optional<TokenizerSpec> tokenizer)
      throws IOException {
    return SyntheticModel.write(
        SyntheticModel.Shape.TINY, StorageTypes.of(BlockFormat.Q8_0), seed, tokenizer, target);
  }

  @Test
  void shapesHaveLabels() {
    assertThat(SyntheticModel.Shape.labelled("llama-guard-3-1b"))
        .hasValue(SyntheticModel.Shape.LLAMA_GUARD_3_1B);
    assertThat(SyntheticModel.Shape.labelled("llama-guard-4")).isEmpty();
  }

  @Test
  void madeUpVocabularyHasLlama3sSpecialTokensAtTheirIds() {
    TokenizerSpec spec = SyntheticVocabulary.of(128_256);
    List<String> tokens = spec.tokens();
    assertThat(tokens).hasSize(128_256).doesNotHaveDuplicates();
    assertThat(spec.merges()).hasSize(128_256 - 512);
    assertThat(spec.bos()).isEqualTo(128_000);
    assertThat(spec.eos()).isEqualTo(128_009);
    assertThat(tokens.get(128_006)).isEqualTo("<|start_header_id|>");
    assertThat(tokens.getLast()).isEqualTo("<|reserved_special_token_247|>");
    // GPT-2's alphabet: the space is U+0120, the newline U+010A, at id 198
    assertThat(tokens).contains("safe", "unsafe", "\u0120unsafe", "\u010a\u010a");
    assertThat(tokens.get(198)).isEqualTo("\u010a");
    Set<String> known = new HashSet<>(tokens.subList(0, 256));
    List<String> unknown = new ArrayList<>();
    for (String merge : spec.merges()) {
      int blank = merge.indexOf(' ');
      String left = merge.substring(0, blank);
      String right = merge.substring(blank + 1);
      if (!known.contains(left) || !known.contains(right)) {
        unknown.add(merge);
      }
      known.add(left + right);
    }
    assertThat(unknown).as("merges of what no earlier merge made").isEmpty();
  }
}
