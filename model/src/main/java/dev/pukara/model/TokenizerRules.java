package dev.pukara.model;

import java.util.List;
import java.util.Optional;

/**
 * What tokenizer.json says of the steps around the merges (normalizer, pre-tokenizer,
 * post-processor), recognised as one of the few that Llamas have. Anything else is refused: a
 * tokenizer that is nearly right gives wrong verdicts without a sign.
 */
final class TokenizerRules {
  /** Llama 3's split pattern, as its tokenizer.json spells it. */
  static final String LLAMA3_PATTERN =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  /** SentencePiece's visible blank. */
  static final String BLANK = "\u2581";

  private TokenizerRules() {}

  /** Byte-level BPE's pre-tokenizer. */
  static TokenizerSpec.Pre pre(JsonFields json) {
    if (json.optional("normalizer").isPresent()) {
      throw unsupported(json, "normalizer is " + json.node().get("normalizer") + ", expected none");
    }
    JsonFields pre = json.object("pre_tokenizer");
    List<JsonFields> steps =
        pre.optionalString("type").orElse("").equals("Sequence")
            ? pre.objects("pretokenizers")
            : List.of(pre);
    JsonFields last = steps.isEmpty() ? pre : steps.getLast();
    boolean byteLevel =
        last.optionalString("type").orElse("").equals("ByteLevel")
            && !last.bool("add_prefix_space", true);
    boolean gpt2 = last.bool("use_regex", true);
    if (byteLevel && gpt2 && steps.size() == 1) {
      return TokenizerSpec.Pre.GPT2;
    }
    if (byteLevel && steps.size() == 2) {
      JsonFields first = steps.getFirst();
      String type = first.optionalString("type").orElse("");
      if (gpt2 && type.equals("Digits") && first.bool("individual_digits", false)) {
        return TokenizerSpec.Pre.SMOLLM;
      }
      if (!gpt2 && type.equals("Split") && isLlama3(first)) {
        return TokenizerSpec.Pre.LLAMA3;
      }
    }
    throw unsupported(
        json, "pre_tokenizer is " + pre.node() + ", expected GPT-2's, SmolLM2's or Llama 3's");
  }

  private static boolean isLlama3(JsonFields split) {
    return split.object("pattern").optionalString("Regex").orElse("").equals(LLAMA3_PATTERN)
        && split.string("behavior").equals("Isolated")
        && !split.bool("invert", false);
  }

  /** Whether a blank goes before the text: Llama 2's normalizer or its newer Metaspace spelling. */
  static boolean prefixed(JsonFields json) {
    Optional<JsonFields> pre = json.optionalObject("pre_tokenizer");
    if (pre.isPresent()) {
      String scheme =
          pre.get()
              .optionalString("prepend_scheme")
              .orElse(pre.get().bool("add_prefix_space", true) ? "always" : "never");
      if (json.optional("normalizer").isEmpty()
          && pre.get().optionalString("type").orElse("").equals("Metaspace")
          && pre.get().optionalString("replacement").orElse("").equals(BLANK)
          && !pre.get().bool("split", true)) {
        return !scheme.equals("never");
      }
      throw unsupported(
          json, "pre_tokenizer is " + pre.get().node() + ", expected Llama 2's Metaspace or none");
    }
    JsonFields normalizer = json.object("normalizer");
    List<JsonFields> steps =
        normalizer.optionalString("type").orElse("").equals("Sequence")
            ? normalizer.objects("normalizers")
            : List.of(normalizer);
    boolean prepend =
        steps.size() == 2
            && steps.getFirst().optionalString("type").orElse("").equals("Prepend")
            && steps.getFirst().optionalString("prepend").orElse("").equals(BLANK);
    if ((prepend || steps.size() == 1) && replacesBlanks(steps.getLast())) {
      return prepend;
    }
    throw unsupported(
        json, "normalizer is " + normalizer.node() + ", expected Llama 2's Prepend and Replace");
  }

  private static boolean replacesBlanks(JsonFields step) {
    return step.optionalString("type").orElse("").equals("Replace")
        && step.optionalObject("pattern")
            .flatMap(pattern -> pattern.optionalString("String"))
            .orElse("")
            .equals(" ")
        && step.optionalString("content").orElse("").equals(BLANK);
  }

  /** True if the post-processor puts the token first. */
  static boolean startsWith(JsonFields json, String token) {
    Optional<JsonFields> post = json.optionalObject("post_processor");
    if (post.isEmpty()) {
      return false;
    }
    List<JsonFields> steps =
        post.get().optionalString("type").orElse("").equals("Sequence")
            ? post.get().objects("processors")
            : List.of(post.get());
    return steps.stream()
        .filter(step -> step.optionalString("type").orElse("").equals("TemplateProcessing"))
        .map(step -> step.objects("single"))
        .filter(single -> !single.isEmpty())
        .map(single -> single.getFirst().optionalObject("SpecialToken"))
        .anyMatch(first -> first.flatMap(t -> t.optionalString("id")).orElse("").equals(token));
  }

  static FormatException unsupported(JsonFields json, String problem) {
    return new FormatException(
        json.file() + ": " + problem + "; choose a model whose tokenizer is one of these");
  }
}
