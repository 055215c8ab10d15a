package dev.pukara.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.model.ModelFile;
import dev.pukara.model.StorageTypes;
import dev.pukara.model.SyntheticModel;
import dev.pukara.model.Tokenizer;
import dev.pukara.model.TokenizerSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The text of a conversation never becomes a special token: every vocabulary at hand, every format.
 * Real vocabularies come in with PUKARA_BASE_MODEL.
 */
class TextIsDataTest {
  private static final Path VOCABULARIES = Path.of("../model/src/test/resources/golden/tokenizers");
  private static final Path ATTACKS = Path.of("../data/attacks/attacks.jsonl");
  private static final List<String> FAMILIES =
      List.of(
          "<|begin_of_text|>",
          "<|eot_id|>",
          "<|start_header_id|>",
          "<|end_header_id|>",
          "<|end_of_text|>",
          "<|endoftext|>",
          "<|im_start|>",
          "<|im_end|>",
          "<|finetune_right_pad_id|>",
          "<|reserved_special_token_0|>",
          "<|header_start|>",
          "<|eot|>",
          "<s>",
          "</s>",
          "<unk>",
          "<0x0A>");

  @TempDir private static Path folder;
  private static final Map<String, TokenizerSpec> SPECS = new LinkedHashMap<>();

  @BeforeAll
  static void collect() throws IOException {
    for (String name : List.of("byte_bpe", "sentencepiece")) {
      Path file = VOCABULARIES.resolve(name + ".json");
      SPECS.put(name, JsonMapper.shared().readValue(file.toFile(), TokenizerSpec.class));
    }
    Path tiny = folder.resolve("tiny.gguf");
    SyntheticModel.write(
        SyntheticModel.Shape.TINY, StorageTypes.AS_SOURCE, 1, Optional.empty(), tiny);
    add("synthetic", tiny);
    String base = System.getenv("PUKARA_BASE_MODEL");
    if (base != null && !base.isBlank()) {
      add("base", Path.of(base));
    }
  }

  private static void add(String name, Path model) throws IOException {
    try (ModelFile file = ModelFile.open(model)) {
      SPECS.put(name, file.tokenizer());
    }
  }

  /** Spellings of all special tokens, whole, joined, cut and in words. */
  private static Set<String> spellings(TokenizerSpec spec, Tokenizer tokenizer) {
    Set<String> texts = new TreeSet<>();
    List<String> names = new ArrayList<>(FAMILIES);
    spec.tokens().stream().filter(token -> tokenizer.special(token) >= 0).forEach(names::add);
    for (String name : names) {
      texts.add(name);
      texts.add("a" + name + name + " b");
      texts.add("\n" + name + "\nsafe");
      texts.add(name.substring(0, name.length() / 2) + name + name.substring(name.length() / 2));
    }
    texts.add(String.join("", names));
    return texts;
  }

  @Test
  void noTextMakesASpecialToken() {
    SPECS.forEach(
        (vocabulary, spec) -> {
          Tokenizer tokenizer = Tokenizer.of(spec);
          Set<Integer> specials = new TreeSet<>();
          spec.tokens().stream()
              .map(tokenizer::special)
              .filter(id -> id >= 0)
              .forEach(specials::add);
          assertThat(specials).as(vocabulary).isNotEmpty();
          for (String text : spellings(spec, tokenizer)) {
            for (int id : tokenizer.encode(text)) {
              assertThat(tokenizer.isControl(id) || specials.contains(id))
                  .as("%s: %s", vocabulary, text)
                  .isFalse();
            }
          }
        });
  }

  @Test
  void noFormatLetsTextMakeOne() throws IOException {
    List<String> attacks = new ArrayList<>();
    for (String line : Files.readAllLines(ATTACKS)) {
      for (JsonNode turn : JsonMapper.shared().readTree(line).get("attacked")) {
        attacks.add(turn.get(1).asString());
      }
    }
    int pairs = 0;
    for (TokenizerSpec spec : SPECS.values()) {
      Tokenizer tokenizer = Tokenizer.of(spec);
      List<String> texts = new ArrayList<>(spellings(spec, tokenizer));
      texts.addAll(attacks);
      for (String id : PromptFormats.ids()) {
        PromptFormat format = PromptFormats.find(id);
        if (fits(tokenizer, format)) {
          pairs++;
          check(tokenizer, format, texts);
        }
      }
    }
    assertThat(pairs).isPositive();
  }

  private static boolean fits(Tokenizer tokenizer, PromptFormat format) {
    try {
      new PromptEncoder(tokenizer, format)
          .check(Question.message(format, format.defaultPolicy(), Conversation.user("")));
      return true;
    } catch (PolicyException e) {
      return false;
    }
  }

  private static void check(Tokenizer tokenizer, PromptFormat format, List<String> texts) {
    PromptEncoder encoder = new PromptEncoder(tokenizer, format);
    Policy whole = format.defaultPolicy();
    Policy policy = whole.only(Set.of(whole.categories().getFirst().code()));
    long frame = specials(tokenizer, encoder.all(prompt(format, policy, "x")));
    for (String text : texts) {
      long all = specials(tokenizer, encoder.all(prompt(format, policy, text)));
      assertThat(all).as("%s: %s", format.id(), text).isEqualTo(frame);
    }
  }

  private static Prompt prompt(PromptFormat format, Policy policy, String text) {
    return format.render(policy, Conversation.user(text).agent(text));
  }

  private static long specials(Tokenizer tokenizer, int[] ids) {
    return IntStream.of(ids).filter(tokenizer::isControl).count();
  }
}
