package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What absent and strange keys of a GGUF file mean. */
class GgufKeysTest {
  private final SequencedMap<String, GgufValue> keys = new LinkedHashMap<>();

  private LlamaConfig config() {
    return GgufLlama.read(new GgufMetadata("a.gguf", keys), 100, Optional.empty(), true);
  }

  private TokenizerSpec tokenizer() {
    return GgufTokenizer.read(new GgufMetadata("a.gguf", keys));
  }

  private void smallest() {
    keys.put("general.architecture", GgufValue.string("llama"));
    keys.put("llama.block_count", GgufValue.u32(1));
    keys.put("llama.context_length", GgufValue.u32(64));
    keys.put("llama.embedding_length", GgufValue.u32(32));
    keys.put("llama.feed_forward_length", GgufValue.u32(48));
    keys.put("llama.attention.head_count", GgufValue.u32(4));
    keys.put("llama.attention.layer_norm_rms_epsilon", GgufValue.f32(1e-6f));
  }

  @Test
  void absentKeysHaveLlamaCppsDefaults() {
    smallest();
    assertThat(config())
        .isEqualTo(
            new LlamaConfig(
                1, 32, 48, 4, 4, 8, 100, 64, 1e-6f, 10_000, new RopeScaling.None(), true));
  }

  @Test
  void oldFilesSayOnlyTheFactor() {
    smallest();
    keys.put("llama.rope.scale_linear", GgufValue.f32(4));
    assertThat(config().ropeScaling()).isEqualTo(new RopeScaling.Linear(4));
    keys.put("llama.rope.scale_linear", GgufValue.f32(1));
    assertThat(config().ropeScaling()).isEqualTo(new RopeScaling.None());
  }

  @Test
  void refusesWhatTheForwardPassDoesNotCompute() {
    smallest();
    refused(
        "general.architecture", GgufValue.string("qwen2"), "architecture qwen2, expected llama");
    refused("llama.expert_count", GgufValue.u32(8), "a mixture of experts");
    refused("llama.rope.scaling.type", GgufValue.string("yarn"), "scaling.type is yarn");
    refused("llama.attention.value_length", GgufValue.u32(16), "value_length is 16, expected the");
    refused("llama.rope.dimension_count", GgufValue.u32(4), "dimension_count is 4, expected the");
    refused(
        "llama.attention.head_count_kv", GgufValue.u32(3), "4 query heads, expected a multiple");
    refused("llama.attention.head_count", GgufValue.u32(0), "query heads 0, expected 1 to 4096");
    refused("llama.attention.key_length", GgufValue.u32(9), "head size 9, expected an even one");
    refused(
        "llama.attention.key_length", GgufValue.u32(1026), "head size 1026, expected 2 to 1024");
    refused(
        "llama.attention.layer_norm_rms_epsilon",
        GgufValue.f32(Float.NaN),
        "RMSNorm epsilon NaN, expected a positive number");
    refused(
        "llama.block_count",
        GgufValue.string("many"),
        "llama.block_count is string many, expected an integer");
    assertThat(config().blocks()).isEqualTo(1);
    keys.remove("llama.block_count");
    refuses(this::config, "no metadata key llama.block_count; convert the model again");
  }

  private void refused(String key, GgufValue value, String message) {
    GgufValue before = keys.put(key, value);
    refuses(this::config, message);
    if (before == null) {
      keys.remove(key);
    } else {
      keys.put(key, before);
    }
  }

  private static void refuses(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith("a.gguf: ")
        .hasMessageContaining(message);
  }

  private void byteBpe(String... tokens) {
    keys.put("tokenizer.ggml.model", GgufValue.string("gpt2"));
    keys.put("tokenizer.ggml.tokens", GgufValue.array(GgufType.STRING, List.of(tokens)));
    keys.put("tokenizer.ggml.merges", GgufValue.array(GgufType.STRING, List.of("a b")));
  }

  @ParameterizedTest
  @CsvSource({
    "smollm,SMOLLM,false",
    "llama-bpe,LLAMA3,true",
    "llama3,LLAMA3,true",
    "gpt-2,GPT2,false",
    "default,GPT2,false"
  })
  void preTokenizersByTheirNames(String pre, TokenizerSpec.Pre expected, boolean llama3) {
    byteBpe("a", "b", "ab");
    keys.put("tokenizer.ggml.pre", GgufValue.string(pre));
    TokenizerSpec spec = tokenizer();
    assertThat(spec.pre()).isEqualTo(expected);
    assertThat(spec.ignoreMerges()).isEqualTo(llama3);
    assertThat(spec.addBos()).isEqualTo(llama3);
    assertThat(spec.types()).containsExactly(1, 1, 1);
    assertThat(spec.bos()).isEqualTo(-1);
  }

  @Test
  void anUnnamedPreTokenizerWithLlama3sTokenIsLlama3s() {
    byteBpe("a", "b", "ab", "<|begin_of_text|>");
    assertThat(tokenizer().pre()).isEqualTo(TokenizerSpec.Pre.LLAMA3);
  }

  @Test
  void sentencePieceHasItsDefaults() {
    keys.put("tokenizer.ggml.model", GgufValue.string("llama"));
    keys.put(
        "tokenizer.ggml.tokens", GgufValue.array(GgufType.STRING, List.of("<unk>", "<s>", "</s>")));
    keys.put("tokenizer.ggml.scores", GgufValue.array(GgufType.FLOAT32, List.of(0f, 0f, -1f)));
    TokenizerSpec spec = tokenizer();
    assertThat(new int[] {spec.unknown(), spec.bos(), spec.eos()}).containsExactly(0, 1, 2);
    assertThat(spec.addBos()).isTrue();
    assertThat(spec.addSpacePrefix()).isTrue();
    assertThat(spec.scores()).containsExactly(0f, 0f, -1f);
  }

  @Test
  void tokenizerTablesMustFit() {
    byteBpe("a", "b", "ab");
    keys.put("tokenizer.ggml.pre", GgufValue.string("qwen2"));
    refuses(this::tokenizer, "pre-tokenizer qwen2, expected llama-bpe, smollm or gpt-2");
    keys.put("tokenizer.ggml.pre", GgufValue.string("gpt-2"));
    keys.put("tokenizer.ggml.token_type", GgufValue.array(GgufType.INT32, List.of(1L, 1L)));
    refuses(this::tokenizer, "token_type has 2 entries, expected 3, one per token");
    keys.put("tokenizer.ggml.token_type", GgufValue.array(GgufType.INT32, List.of(1L, 1L, 9L)));
    refuses(this::tokenizer, "token_type holds 9, expected 1 to 6");
    keys.remove("tokenizer.ggml.token_type");
    keys.put("tokenizer.ggml.eos_token_id", GgufValue.u32(3));
    refuses(this::tokenizer, "eos_token_id is 3, expected less than the 3 tokens");
    keys.put("tokenizer.ggml.eos_token_id", GgufValue.u32(2));
    keys.put("tokenizer.ggml.merges", GgufValue.array(GgufType.STRING, List.of("a  b")));
    refuses(this::tokenizer, "merges holds \"a  b\", expected two tokens and one blank between");
    keys.put("tokenizer.ggml.merges", GgufValue.array(GgufType.UINT8, List.of(1L)));
    refuses(this::tokenizer, "merges is an array of 1 uint8, expected an array of strings");
    keys.put("tokenizer.ggml.model", GgufValue.string("bert"));
    refuses(this::tokenizer, "tokenizer bert, expected gpt2");
  }
}
