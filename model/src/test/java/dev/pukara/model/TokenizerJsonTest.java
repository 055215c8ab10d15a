package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class TokenizerJsonTest {
  private static final String[] TEXTS = {
    "the fort is unsafe and safe again",
    "  two  blanks, \n\n\n newlines\t1234567 a1b22",
    "Gr\u00fc\u00dfe \ud83d\udc4b\ud83c\udffd \u4f60\u597d \u00bd",
    "don't STOP <s> <|eot_id|> <0x41> \u2581x",
    "",
  };

  @TempDir Path temp;

  /** What is written means to the tokenizers library what the original means. */
  @ParameterizedTest
  @ValueSource(strings = {"mha-tied", "gqa2-untied", "gqa4-tied", "gqa4-linear"})
  void writesWhatTheTokenizersLibraryUnderstands(String name) throws IOException {
    Path original = Golden.path(name).resolve("tokenizer.json");
    Path written = temp.resolve("tokenizer.json");
    try (ModelFile file = ModelFile.open(Golden.path(name))) {
      ObjectNode json = TokenizerJsonWriter.tokenizer(file.tokenizer());
      Files.write(written, JsonFields.MAPPER.writeValueAsBytes(json));
    }
    try (HuggingFaceTokenizer ours = HuggingFaceTokenizer.newInstance(written);
        HuggingFaceTokenizer theirs = HuggingFaceTokenizer.newInstance(original)) {
      for (String text : TEXTS) {
        long[] expected = theirs.encode(text).getIds();
        assertThat(ours.encode(text).getIds()).as(text).containsExactly(expected);
        assertThat(ours.decode(expected)).isEqualTo(theirs.decode(expected));
      }
    }
  }

  private static final String BYTE_BPE =
      """
      {"added_tokens": [{"id": 6, "content": "<end>", "special": true},
                        {"id": 4, "content": "<user>", "special": false}],
       "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
       "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "abb": 3},
                 "merges": ["a b", ["ab", "b"]]}}
      """;

  @Test
  void readsBothSpellingsOfMergesAndMarksHoles() {
    TokenizerSpec spec = read(BYTE_BPE, "{\"eos_token\": {\"content\": \"<end>\"}}", null);
    assertThat(spec.merges()).containsExactly("a b", "ab b");
    assertThat(spec.tokens()).containsExactly("a", "b", "ab", "abb", "<user>", "[PAD5]", "<end>");
    assertThat(spec.types()).containsExactly(1, 1, 1, 1, 4, 5, 3);
    assertThat(spec.pre()).isEqualTo(TokenizerSpec.Pre.GPT2);
    assertThat(spec.eos()).isEqualTo(6);
    assertThat(spec.bos()).isEqualTo(-1);
    assertThat(spec.addBos()).isFalse();
  }

  @Test
  void takesIdsFromConfigJsonWhereTokenizerConfigHasNone() {
    TokenizerSpec spec =
        read(BYTE_BPE, null, "{\"bos_token_id\": 2, \"eos_token_id\": [6, 4], \"x\": 1}");
    assertThat(spec.bos()).isEqualTo(2);
    assertThat(spec.eos()).isEqualTo(6);
  }

  @Test
  void namesWhatIsWrong() {
    fails("\"b\": 1", "\"b\": 10", "token \"b\" has id 10, expected one from 0 to 9");
    fails("\"b\": 1", "\"b\": 0", "token \"b\" has id 0, expected no other token with it");
    fails("\"a b\"", "\"ab\"", "model.merges is \"ab\", expected two tokens without blanks");
    fails("\"a b\"", "\"b a\"", "model.merges is \"b a\", expected tokens of the vocabulary");
    fails("\"BPE\"", "\"Unigram\"", "model.type is Unigram, expected BPE");
    fails("\"add_prefix_space\": false", "\"add_prefix_space\": true", "pre_tokenizer is {");
    assertThatThrownBy(() -> read(BYTE_BPE, "{\"bos_token\": \"<start>\"}", null))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("no token \"<start>\", expected the bos_token of the model");
  }

  private static void fails(String part, String replacement, String message) {
    assertThat(BYTE_BPE).contains(part);
    assertThatThrownBy(() -> read(BYTE_BPE.replace(part, replacement), null, null))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(message);
  }

  /** Llama 2's newer files say Metaspace where older ones have a normalizer. */
  @ParameterizedTest
  @ValueSource(strings = {"first", "always", "never"})
  void readsMetaspace(String scheme) throws IOException {
    ObjectNode json =
        (ObjectNode)
            JsonFields.MAPPER.readTree(
                Files.readAllBytes(Golden.path("mha-tied").resolve("tokenizer.json")));
    json.putNull("normalizer");
    json.putObject("pre_tokenizer")
        .put("type", "Metaspace")
        .put("replacement", "\u2581")
        .put("prepend_scheme", scheme)
        .put("split", false);
    TokenizerSpec spec =
        TokenizerJson.read(new JsonFields("tokenizer.json", "", json), null, null, 296);
    assertThat(spec.kind()).isEqualTo(TokenizerSpec.Kind.SENTENCEPIECE);
    assertThat(spec.addSpacePrefix()).isEqualTo(!scheme.equals("never"));
    assertThat(spec.addBos()).isFalse();
  }

  /** Compared once with Llama 2's own file: all 58,980 merges in the same order. */
  @Test
  void sentencePieceMergesComeInScoreThenIdOrder() {
    TokenizerSpec spec =
        new TokenizerSpec(
            TokenizerSpec.Kind.SENTENCEPIECE,
            TokenizerSpec.Pre.NONE,
            List.of("<unk>", "bc", "abc", "ab", "a", "b", "c"),
            new int[] {2, 1, 1, 1, 1, 1, 1},
            new float[] {0, -2, -3, -1, -4, -5, -6},
            List.of(),
            -1,
            -1,
            0,
            false,
            true,
            false);
    assertThat(TokenizerJsonWriter.tokenizer(spec).get("model").get("merges").values())
        .extracting(JsonNode::stringValue)
        .containsExactly("a b", "b c", "ab c", "a bc");
  }

  private static TokenizerSpec read(
      String json, @Nullable String tokenizerConfig, @Nullable String config) {
    return TokenizerJson.read(
        fields("tokenizer.json", json),
        tokenizerConfig == null ? null : fields("tokenizer_config.json", tokenizerConfig),
        config == null ? null : fields("config.json", config),
        10);
  }

  private static JsonFields fields(String file, String json) {
    return JsonFields.parse(file, json.getBytes(StandardCharsets.UTF_8));
  }
}
