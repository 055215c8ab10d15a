package dev.pukara.model;

import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/** Tokenizer tables for tests. */
final class Specs {
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
}
