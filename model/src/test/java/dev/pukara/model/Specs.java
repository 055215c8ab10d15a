package dev.pukara.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tokenizer tables for tests. */
final class Specs {
  private static final int NORMAL = 1;
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int BYTE = 6;

  private Specs() {}

  /**
   * A committed vocabulary and how to use it: {@code byte_bpe gpt2}, {@code sentencepiece scores}.
   */
  static TokenizerSpec small(String name) {
    String file = name.substring(0, name.indexOf(' '));
    String use = name.substring(name.indexOf(' ') + 1);
    TokenizerSpec spec =
        JsonMapper.shared()
            .readValue(Golden.path("tokenizers/" + file + ".json").toFile(), TokenizerSpec.class);
    return switch (use) {
      case "gpt2" -> with(spec, TokenizerSpec.Pre.GPT2, false);
      case "smollm" -> with(spec, TokenizerSpec.Pre.SMOLLM, false);
      case "llama3" -> with(spec, TokenizerSpec.Pre.LLAMA3, true);
      case "scores" -> with(spec, spec.scores(), List.of());
      case "merges" -> with(spec, new float[0], spec.merges());
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static TokenizerSpec with(TokenizerSpec s, TokenizerSpec.Pre pre, boolean ignoreMerges) {
    return new TokenizerSpec(
        s.kind(),
        pre,
        s.tokens(),
        s.types(),
        s.scores(),
        s.merges(),
        s.bos(),
        s.eos(),
        s.unknown(),
        s.addBos(),
        s.addSpacePrefix(),
        ignoreMerges);
  }

  private static TokenizerSpec with(TokenizerSpec s, float[] scores, List<String> merges) {
    return new TokenizerSpec(
        s.kind(),
        s.pre(),
        s.tokens(),
        s.types(),
        scores,
        merges,
        s.bos(),
        s.eos(),
        s.unknown(),
        s.addBos(),
        s.addSpacePrefix(),
        s.ignoreMerges());
  }

  /** The tokenizer.json of Llama 2 or Llama 3, as far as the tests need it. */
  static TokenizerSpec tokenizerJson(Path path) {
    JsonNode file = JsonMapper.shared().readTree(path.toFile());
    JsonNode model = file.get("model");
    boolean bytes = !model.path("byte_fallback").asBoolean(false);
    int size = Math.max(model.get("vocab").size(), 0);
    for (JsonNode added : file.get("added_tokens")) {
      size = Math.max(size, added.get("id").asInt() + 1);
    }
    String[] tokens = new String[size];
    int[] types = new int[size];
    Arrays.fill(types, NORMAL);
    model.get("vocab").forEachEntry((token, id) -> tokens[id.asInt()] = token);
    for (int id = 0; !bytes && id < size; id++) {
      types[id] = tokens[id].matches("<0x[0-9A-F]{2}>") ? BYTE : NORMAL;
    }
    for (JsonNode added : file.get("added_tokens")) {
      int id = added.get("id").asInt();
      tokens[id] = added.get("content").asString();
      types[id] = tokens[id].equals("<unk>") ? UNKNOWN : CONTROL;
    }
    List<String> merges = new ArrayList<>();
    model
        .get("merges")
        .forEach(
            merge ->
                merges.add(
                    merge.isArray()
                        ? merge.get(0).asString() + ' ' + merge.get(1).asString()
                        : merge.asString()));
    return new TokenizerSpec(
        bytes ? TokenizerSpec.Kind.BYTE_BPE : TokenizerSpec.Kind.SENTENCEPIECE,
        bytes ? TokenizerSpec.Pre.LLAMA3 : TokenizerSpec.Pre.NONE,
        List.of(tokens),
        types,
        new float[0],
        merges,
        -1,
        -1,
        -1,
        true,
        !bytes,
        bytes);
  }
}
