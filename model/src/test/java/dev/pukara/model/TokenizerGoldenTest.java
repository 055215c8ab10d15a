package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Equality with Hugging Face tokenizers and sentencepiece on 24,000 strings and every character, by
 * digests that scripts/make_tokenizer_golden.py makes. Small vocabularies of our own are in the
 * repository; SmolLM2's is read from the file that PUKARA_BASE_MODEL names, those of Llama 2 and 3
 * from NAME/tokenizer.json in the folder PUKARA_TOKENIZERS_DIR (NAME is llama2, llama3 or mistral).
 */
class TokenizerGoldenTest {
  private static final int BLOCK = 100;
  private static final int CHARACTERS_BLOCK = 8192;
  private static final JsonNode DIGESTS = read("digests.json");
  private static final List<String> STRINGS = strings();
  private static final List<String> CHARACTERS = TokenizerStrings.characters();

  private static List<String> strings() {
    TokenizerStrings strings = new TokenizerStrings();
    return IntStream.range(0, TokenizerStrings.STRINGS).mapToObj(strings::string).toList();
  }

  @Test
  void stringsAreThoseOfTheScript() {
    List<String> digests = digests(STRINGS.size(), BLOCK, i -> toInts(Utf8.encode(STRINGS.get(i))));

    assertThat(digests).isEqualTo(golden("strings"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "byte_bpe gpt2",
        "byte_bpe smollm",
        "byte_bpe llama3",
        "sentencepiece merges",
        "sentencepiece scores"
      })
  void smallVocabulary(String name) {
    Tokenizer tokenizer = Tokenizer.of(Specs.small(name));

    assertCases(name, tokenizer);
    assertStrings(name, tokenizer);
    assertThat(
            digests(CHARACTERS.size(), CHARACTERS_BLOCK, i -> tokenizer.encode(CHARACTERS.get(i))))
        .as("each %s characters, see makers in scripts/make_tokenizer_golden.py", CHARACTERS_BLOCK)
        .isEqualTo(golden("characters", name));
  }

  @Test
  void smollm2() throws IOException {
    String model = System.getenv("PUKARA_BASE_MODEL");
    assumeTrue(
        model != null, "PUKARA_BASE_MODEL is not set: path of SmolLM2-135M-Instruct.Q4_1.gguf");
    try (ModelFile file = ModelFile.open(Path.of(model))) {
      assertRealVocabulary("smollm2", file.tokenizer());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama2", "mistral", "llama3"})
  void vocabularyOfOthers(String name) throws IOException {
    String folder = System.getenv("PUKARA_TOKENIZERS_DIR");
    assumeTrue(
        folder != null,
        "PUKARA_TOKENIZERS_DIR is not set: folder with llama2/tokenizer.json and so on");
    Path path = Path.of(folder, name, "tokenizer.json");
    assumeTrue(Files.exists(path), () -> path + " does not exist");
    assertRealVocabulary(
        name, TokenizerJson.read(JsonFields.read(path, 1 << 26), null, null, 1 << 18));
  }

  private static void assertRealVocabulary(String name, TokenizerSpec spec) {
    // Llama 3's special tokens are not part of the model's vocabulary in tokenizer.json.
    int size = name.equals("llama3") ? 128_000 : spec.tokens().size();
    String tokens = String.join("\n", spec.tokens().subList(0, size));
    assertThat(hash(tokens.getBytes(StandardCharsets.UTF_8)))
        .as("digest of the tokens: is this %s?", name)
        .isEqualTo(DIGESTS.get("vocabularies").get(name).asString());
    Tokenizer tokenizer = Tokenizer.of(spec);

    assertCases(name, tokenizer);
    assertStrings(name, tokenizer);
  }

  private static void assertCases(String name, Tokenizer tokenizer) {
    for (JsonNode golden : read("cases.json")) {
      String text = golden.get("text").asString();
      int[] expected =
          golden.get("ids").get(name).valueStream().mapToInt(JsonNode::asInt).toArray();
      assertThat(tokenizer.encode(text)).as(text).isEqualTo(expected);
    }
  }

  /** Digests of all strings; and of each string, that it names no control token. */
  private static void assertStrings(String name, Tokenizer tokenizer) {
    List<String> digests =
        digests(
            STRINGS.size(),
            BLOCK,
            i -> {
              int[] ids = tokenizer.encode(STRINGS.get(i));
              assertThat(Arrays.stream(ids).anyMatch(tokenizer::isControl))
                  .as("string %s", i)
                  .isFalse();
              return ids;
            });

    assertThat(digests).as("each %s strings", BLOCK).isEqualTo(golden("ids", name));
  }

  private static List<String> golden(String... path) {
    JsonNode node = DIGESTS;
    for (String name : path) {
      node = node.get(name);
    }
    return Arrays.asList(node.asString().split(" "));
  }

  private static List<String> digests(int count, int block, IntFunction<int[]> row) {
    List<String> digests = new ArrayList<>();
    for (int start = 0; start < count; start += block) {
      MessageDigest sha = sha256();
      for (int i = start; i < Math.min(count, start + block); i++) {
        int[] ids = row.apply(i);
        ByteBuffer packed =
            ByteBuffer.allocate(4 * (ids.length + 1)).order(ByteOrder.LITTLE_ENDIAN);
        packed.putInt(ids.length).asIntBuffer().put(ids);
        sha.update(packed.array());
      }
      digests.add(hex(sha.digest()));
    }
    return digests;
  }

  private static int[] toInts(byte[] bytes) {
    int[] ints = new int[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      ints[i] = bytes[i] & 0xFF;
    }
    return ints;
  }

  private static String hash(byte[] bytes) {
    return hex(sha256().digest(bytes));
  }

  private static String hex(byte[] digest) {
    return HexFormat.of().formatHex(digest, 0, 8);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode read(String name) {
    return JsonMapper.shared().readTree(Golden.path("tokenizers/" + name).toFile());
  }
}
