package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Weights;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The golden files were written by the gguf package, so reading them is a test against it. */
class GgufModelTest {
  @TempDir Path temp;

  @Test
  void readsTheShapeOfAScaledUntiedModel() throws IOException {
    try (ModelFile file = ModelFile.open(Golden.path("gqa2-untied.Q4_0.gguf"))) {
      LlamaConfig c = file.config();
      assertThat(c)
          .isEqualTo(
              new LlamaConfig(
                  2, 64, 96, 4, 2, 16, 288, 256, 1e-5f, 500_000, c.ropeScaling(), false));
      assertThat(file.tensors()).hasSize(2 * 9 + 3 + 1);
      assertThat(file.tensors().get("model.layers.1.mlp.down_proj.weight"))
          .satisfies(
              t -> {
                assertThat(t.name()).isEqualTo("blk.1.ffn_down.weight");
                assertThat(t.format()).isEqualTo(BlockFormat.Q4_0);
                assertThat(t.shape()).containsExactly(64, 96);
                assertThat(t.bytes()).isEqualTo(64 * 96 / 32 * 18);
              });
      assertThat(file.metadata())
          .containsEntry("general.architecture", "llama")
          .containsEntry("llama.block_count", 2L)
          .containsEntry("llama.rope.freq_base", 500_000f);
      assertThat(file.bytes()).isEqualTo(Files.size(file.path()));
    }
  }

  @Test
  void ropeDivisorsAreThoseOfLlama3sRule() throws IOException {
    RopeScaling rule = new RopeScaling.Llama3(8, 1, 4, 32);
    try (ModelFile file = ModelFile.open(Golden.path("gqa2-untied.BF16.gguf"))) {
      assertThat(file.config().ropeScaling()).isInstanceOf(RopeScaling.Factors.class);
      float[] read = file.config().ropeScaling().frequencies(500_000, 16);
      float[] expected = rule.frequencies(500_000, 16);
      for (int i = 0; i < read.length; i++) {
        assertThat(read[i]).isCloseTo(expected[i], within(expected[i] * 1e-6f));
      }
    }
  }

  @Test
  void readsLinearScalingAndAnOwnHeadSize() throws IOException {
    try (ModelFile file = ModelFile.open(Golden.path("gqa4-linear.F16.gguf"))) {
      assertThat(file.config().ropeScaling()).isEqualTo(new RopeScaling.Linear(4));
    }
    try (ModelFile file = ModelFile.open(Golden.path("gqa4-tied.F16.gguf"))) {
      assertThat(file.config().headSize()).isEqualTo(24);
      assertThat(file.config().tiedHead()).isTrue();
      assertThat(file.has("lm_head.weight")).isFalse();
    }
  }

  @Test
  void undoesTheOrderOfQueryAndKeyRows() throws IOException {
    // rope pairs (j, j + size/2) of a head are neighbours in the file
    assertThat(GgufModel.rowOrder(2, 6)).containsExactly(0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11);
    try (ModelFile file = ModelFile.open(Golden.path("mha-tied.F32.gguf"))) {
      Weights q = file.weights("model.layers.0.self_attn.q_proj.weight", 64, 64);
      Weights v = file.weights("model.layers.0.self_attn.v_proj.weight", 64, 64);
      assertThat(q.rowOrder()).isNotNull();
      assertThat(v.rowOrder()).isNull();
      assertThat(q.row(8).mismatch(q.data().asSlice(4 * 64, 4 * 64))).isEqualTo(-1);
    }
  }

  @Test
  void readsBothKindsOfTokenizer() throws IOException {
    try (ModelFile file = ModelFile.open(Golden.path("mha-tied.F32.gguf"))) {
      TokenizerSpec spec = file.tokenizer();
      assertThat(spec.kind()).isEqualTo(TokenizerSpec.Kind.SENTENCEPIECE);
      assertThat(spec.pre()).isEqualTo(TokenizerSpec.Pre.NONE);
      assertThat(spec.tokens()).hasSize(296).startsWith("<unk>", "<s>", "</s>", "<0x00>");
      assertThat(spec.types()).startsWith(2, 3, 3, 6);
      assertThat(spec.scores()).hasSize(296).endsWith(-36f);
      assertThat(spec.addBos()).isTrue();
      assertThat(spec.addSpacePrefix()).isTrue();
      assertThat(file.chatTemplate()).isEmpty();
    }
    try (ModelFile file = ModelFile.open(Golden.path("gqa2-untied.Q8_0.gguf"))) {
      TokenizerSpec spec = file.tokenizer();
      assertThat(spec.kind()).isEqualTo(TokenizerSpec.Kind.BYTE_BPE);
      assertThat(spec.pre()).isEqualTo(TokenizerSpec.Pre.LLAMA3);
      assertThat(spec.merges()).isNotEmpty().allMatch(m -> m.indexOf(' ') > 0);
      assertThat(spec.tokens().get(spec.bos())).isEqualTo("<|begin_of_text|>");
      assertThat(spec.tokens().get(spec.eos())).isEqualTo("<|eot_id|>");
      assertThat(spec.ignoreMerges()).isTrue();
      assertThat(spec.addBos()).isTrue();
      assertThat(file.chatTemplate()).hasValueSatisfying(t -> assertThat(t).contains("eot_id"));
    }
    try (ModelFile file = ModelFile.open(Golden.path("gqa4-tied.F16.gguf"))) {
      assertThat(file.tokenizer().pre()).isEqualTo(TokenizerSpec.Pre.SMOLLM);
      assertThat(file.tokenizer().addBos()).isFalse();
    }
  }

  @Test
  void vectorsAreF32() throws IOException {
    try (ModelFile file = ModelFile.open(Golden.path("gqa2-kquants.K.gguf"))) {
      assertThat(file.vector("model.norm.weight", 256)).hasSize(256).doesNotContain(0f);
      assertThat(file.tensors().values())
          .extracting(TensorInfo::format)
          .contains(BlockFormat.Q2_K, BlockFormat.Q3_K, BlockFormat.Q6_K);
      assertThatThrownBy(() -> file.vector("model.norm.weight", 255))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("has shape [256], expected [255]");
      assertThatThrownBy(() -> file.weights("model.nothing.weight", 1, 1))
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("no tensor model.nothing.weight");
    }
  }

  @Test
  void digestIsThatOfTheFile() throws IOException {
    Path path = Files.writeString(temp.resolve("abc"), "abc");
    // FIPS 180-2, appendix B.1
    assertThat(Sha256.of(MemorySegment.ofArray(Files.readAllBytes(path))))
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    Path golden = Golden.path("gqa4-tied.F16.gguf");
    try (ModelFile file = ModelFile.open(golden)) {
      assertThat(file.digest()).isEqualTo(Sha256.of(Files.readAllBytes(golden)));
    }
  }

  /** Such as {@code llama-gguf-split} makes them: the second part and those behind it. */
  @Test
  void saysHowToJoinParts() throws IOException {
    byte[] key = "split.count".getBytes(StandardCharsets.US_ASCII);
    ByteBuffer part = ByteBuffer.allocate(128).order(ByteOrder.LITTLE_ENDIAN);
    part.putInt(GgufFile.MAGIC).putInt(GgufFile.VERSION).putLong(0).putLong(1);
    part.putLong(key.length).put(key).putInt(2).putShort((short) 3);
    Path path = Files.write(temp.resolve("a-00002-of-00003.gguf"), part.array());
    assertThatThrownBy(() -> ModelFile.open(path))
        .isInstanceOf(FormatException.class)
        .hasMessage(
            "a-00002-of-00003.gguf: one of 3 parts of a model, expected the whole; join them with"
                + " llama.cpp's llama-gguf-split --merge");
  }

  @Test
  void saysWhatIsNotAModel() throws IOException {
    Path text = Files.writeString(temp.resolve("notes.txt"), "hello");
    assertThatThrownBy(() -> ModelFile.open(text))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("notes.txt: neither a GGUF file nor safetensors");
    Path empty = Files.writeString(temp.resolve("empty.gguf"), "");
    assertThatThrownBy(() -> ModelFile.open(empty))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("empty.gguf @0: the header ends within magic");
    Path old = temp.resolve("old.gguf");
    Files.write(old, new byte[] {'G', 'G', 'U', 'F', 2, 0, 0, 0});
    assertThatThrownBy(() -> ModelFile.open(old))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("old.gguf @4: GGUF version 2, expected 3; convert");
  }
}
