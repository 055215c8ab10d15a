package dev.pukara.model;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes tokenizer.json and tokenizer_config.json from a tokenizer's tables: what {@link
 * TokenizerJson} reads.
 *
 * <p>SentencePiece's merges do not stand in the tables; they are every way to cut a piece into two
 * others, best score first, then by the ids of the parts: the order of Llama 2's own
 * tokenizer.json.
 */
final class TokenizerJsonWriter {
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;

  private final TokenizerSpec spec;
  private final boolean bytes;

  private TokenizerJsonWriter(TokenizerSpec spec) {
    this.spec = spec;
    this.bytes = spec.kind() == TokenizerSpec.Kind.BYTE_BPE;
  }

  /** tokenizer.json. */
  static ObjectNode tokenizer(TokenizerSpec spec) {
    return new TokenizerJsonWriter(spec).tokenizer();
  }

  /** tokenizer_config.json. */
  static ObjectNode config(TokenizerSpec spec, int context, Optional<String> chatTemplate) {
    ObjectNode json = JsonFields.MAPPER.createObjectNode();
    json.put("tokenizer_class", "PreTrainedTokenizerFast");
    json.put("model_max_length", context);
    json.put("clean_up_tokenization_spaces", false);
    putToken(json, "bos_token", spec, spec.bos());
    putToken(json, "eos_token", spec, spec.eos());
    putToken(json, "unk_token", spec, spec.unknown());
    json.put("add_bos_token", spec.addBos());
    chatTemplate.ifPresent(template -> json.put("chat_template", template));
    return json;
  }

  private static void putToken(ObjectNode json, String key, TokenizerSpec spec, int id) {
    if (id >= 0) {
      json.put(key, spec.tokens().get(id));
    }
  }

  private ObjectNode tokenizer() {
    ObjectNode json = JsonFields.MAPPER.createObjectNode();
    json.put("version", "1.0");
    json.putNull("truncation");
    json.putNull("padding");
    addedTokens(json.putArray("added_tokens"));
    if (bytes) {
      json.putNull("normalizer");
      preTokenizer(json);
    } else {
      normalizer(json);
      json.putNull("pre_tokenizer");
    }
    postProcessor(json);
    decoder(json);
    model(json.putObject("model"));
    return json;
  }

  private void addedTokens(ArrayNode added) {
    for (int i = 0; i < spec.tokens().size(); i++) {
      int type = spec.types()[i];
      if (type == UNKNOWN || type == CONTROL || type == USER_DEFINED) {
        ObjectNode token = added.addObject();
        token.put("id", i);
        token.put("content", spec.tokens().get(i));
        token.put("single_word", false);
        token.put("lstrip", false);
        token.put("rstrip", false);
        token.put("normalized", false);
        token.put("special", type != USER_DEFINED);
      }
    }
  }

  private void preTokenizer(ObjectNode json) {
    ObjectNode pre = json.putObject("pre_tokenizer");
    switch (spec.pre()) {
      case GPT2 -> byteLevel(pre, true);
      case SMOLLM -> {
        ArrayNode steps = sequence(pre, "pretokenizers");
        steps.addObject().put("type", "Digits").put("individual_digits", true);
        byteLevel(steps.addObject(), true);
      }
      case LLAMA3 -> {
        ArrayNode steps = sequence(pre, "pretokenizers");
        ObjectNode split = steps.addObject().put("type", "Split");
        split.putObject("pattern").put("Regex", TokenizerRules.LLAMA3_PATTERN);
        split.put("behavior", "Isolated").put("invert", false);
        byteLevel(steps.addObject(), false);
      }
      case NONE -> throw new IllegalArgumentException("byte-level BPE without a pre-tokenizer");
    }
  }

  private static void byteLevel(ObjectNode step, boolean useRegex) {
    step.put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", useRegex);
  }

  private static ArrayNode sequence(ObjectNode json, String key) {
    return json.put("type", "Sequence").putArray(key);
  }

  private void normalizer(ObjectNode json) {
    ArrayNode steps = sequence(json.putObject("normalizer"), "normalizers");
    if (spec.addSpacePrefix()) {
      steps.addObject().put("type", "Prepend").put("prepend", TokenizerRules.BLANK);
    }
    replace(steps.addObject(), " ", TokenizerRules.BLANK);
  }

  private static void replace(ObjectNode step, String from, String to) {
    step.put("type", "Replace").putObject("pattern").put("String", from);
    step.put("content", to);
  }

  private void postProcessor(ObjectNode json) {
    if (!spec.addBos() || spec.bos() < 0) {
      json.putNull("post_processor");
      return;
    }
    String bos = spec.tokens().get(spec.bos());
    ObjectNode post = json.putObject("post_processor").put("type", "TemplateProcessing");
    ArrayNode single = post.putArray("single");
    special(single, bos, 0);
    sequencePart(single, "A", 0);
    ArrayNode pair = post.putArray("pair");
    special(pair, bos, 0);
    sequencePart(pair, "A", 0);
    special(pair, bos, 1);
    sequencePart(pair, "B", 1);
    ObjectNode token = post.putObject("special_tokens").putObject(bos).put("id", bos);
    token.putArray("ids").add(spec.bos());
    token.putArray("tokens").add(bos);
  }

  private static void special(ArrayNode parts, String token, int typeId) {
    parts.addObject().putObject("SpecialToken").put("id", token).put("type_id", typeId);
  }

  private static void sequencePart(ArrayNode parts, String id, int typeId) {
    parts.addObject().putObject("Sequence").put("id", id).put("type_id", typeId);
  }

  private void decoder(ObjectNode json) {
    ObjectNode decoder = json.putObject("decoder");
    if (bytes) {
      byteLevel(decoder, true);
      return;
    }
    ArrayNode steps = sequence(decoder, "decoders");
    replace(steps.addObject(), TokenizerRules.BLANK, " ");
    steps.addObject().put("type", "ByteFallback");
    steps.addObject().put("type", "Fuse");
    if (spec.addSpacePrefix()) {
      steps.addObject().put("type", "Strip").put("content", " ").put("start", 1).put("stop", 0);
    }
  }

  private void model(ObjectNode model) {
    model.put("type", "BPE");
    model.putNull("dropout");
    // Byte-level BPE knows every byte; its unknown token stands in tokenizer_config.json only.
    if (!bytes && spec.unknown() >= 0) {
      model.put("unk_token", spec.tokens().get(spec.unknown()));
    } else {
      model.putNull("unk_token");
    }
    model.putNull("continuing_subword_prefix");
    model.putNull("end_of_word_suffix");
    model.put("fuse_unk", !bytes);
    model.put("byte_fallback", !bytes);
    model.put("ignore_merges", spec.ignoreMerges());
    ObjectNode vocab = model.putObject("vocab");
    for (int i = 0; i < spec.tokens().size(); i++) {
      if (spec.types()[i] != UNUSED) {
        vocab.put(spec.tokens().get(i), i);
      }
    }
    ArrayNode merges = model.putArray("merges");
    (bytes ? spec.merges() : sentencePieceMerges()).forEach(merges::add);
  }

  /** A way to make a piece; the parts' ids decide between ways to make the same one. */
  private record Merge(float score, int left, int right) {}

  private List<String> sentencePieceMerges() {
    Map<String, Integer> ids = new HashMap<>();
    for (int i = 0; i < spec.tokens().size(); i++) {
      ids.put(spec.tokens().get(i), i);
    }
    List<Merge> merges = new ArrayList<>();
    for (int i = 0; i < spec.tokens().size(); i++) {
      String piece = spec.tokens().get(i);
      if (spec.types()[i] == CONTROL || spec.types()[i] == UNKNOWN) {
        continue;
      }
      for (int cut = 1; cut < piece.length(); cut++) {
        Integer left = ids.get(piece.substring(0, cut));
        Integer right = ids.get(piece.substring(cut));
        if (left != null && right != null) {
          merges.add(new Merge(spec.scores()[i], left, right));
        }
      }
    }
    merges.sort(
        Comparator.comparingDouble((Merge m) -> -m.score)
            .thenComparingInt(Merge::left)
            .thenComparingInt(Merge::right));
    return merges.stream()
        .map(m -> spec.tokens().get(m.left) + " " + spec.tokens().get(m.right))
        .toList();
  }
}
