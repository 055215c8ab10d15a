package dev.pukara.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A tokenizer's tables as tokenizer.json (the tokenizers library) and tokenizer_config.json
 * (transformers) hold them. Two families are recognised by what the file says, never by a name:
 * byte-level BPE with one of three pre-tokenizers, and Llama 2's SentencePiece BPE with byte
 * fallback.
 *
 * <p>SentencePiece ranks merges by the score of the piece they make, tokenizer.json by their order;
 * the scores given here are minus the place of a piece in that order. Only their order counts.
 */
final class TokenizerJson {
  private static final int NORMAL = 1;
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;
  private static final int BYTE = 6;

  private final JsonFields json;
  private final JsonFields model;
  private final @Nullable JsonFields tokenizerConfig;
  private final @Nullable JsonFields config;
  private final Map<String, Integer> ids = new HashMap<>();
  private final String[] tokens;
  private final int[] types;

  private TokenizerJson(
      JsonFields json,
      @Nullable JsonFields tokenizerConfig,
      @Nullable JsonFields config,
      int vocabulary) {
    this.json = json;
    this.model = json.object("model");
    this.tokenizerConfig = tokenizerConfig;
    this.config = config;
    String[] all = new String[vocabulary];
    int[] allTypes = new int[vocabulary];
    int count = fill(all, allTypes);
    this.tokens = Arrays.copyOf(all, count);
    this.types = Arrays.copyOf(allTypes, count);
  }

  /**
   * Reads the tables.
   *
   * @param json tokenizer.json
   * @param tokenizerConfig tokenizer_config.json, if there is one
   * @param config config.json, if there is one
   * @param vocabulary rows of the embedding: no id reaches it
   */
  static TokenizerSpec read(
      JsonFields json,
      @Nullable JsonFields tokenizerConfig,
      @Nullable JsonFields config,
      int vocabulary) {
    return new TokenizerJson(json, tokenizerConfig, config, vocabulary).spec();
  }

  private TokenizerSpec spec() {
    String type = model.optionalString("type").orElse("BPE");
    if (!type.equals("BPE")) {
      throw TokenizerRules.unsupported(json, "model.type is " + type + ", expected BPE");
    }
    List<String> merges = merges();
    boolean sentencePiece = model.bool("byte_fallback", false);
    Optional<Boolean> addBos =
        tokenizerConfig == null ? Optional.empty() : tokenizerConfig.optionalBool("add_bos_token");
    int bos = id("bos_token");
    return new TokenizerSpec(
        sentencePiece ? TokenizerSpec.Kind.SENTENCEPIECE : TokenizerSpec.Kind.BYTE_BPE,
        sentencePiece ? TokenizerSpec.Pre.NONE : TokenizerRules.pre(json),
        List.of(tokens),
        types,
        sentencePiece ? scores(merges) : new float[0],
        sentencePiece ? List.of() : merges,
        bos,
        id("eos_token"),
        unknown(),
        addBos.orElseGet(() -> bos >= 0 && TokenizerRules.startsWith(json, tokens[bos])),
        sentencePiece && TokenizerRules.prefixed(json),
        model.bool("ignore_merges", false));
  }

  /** Fills in vocabulary and added tokens; returns how many ids are in use. */
  private int fill(String[] all, int[] allTypes) {
    boolean byteFallback = model.bool("byte_fallback", false);
    int count = 0;
    for (Map.Entry<String, JsonNode> entry : model.object("vocab").node().properties()) {
      int id = checkedId(entry.getKey(), entry.getValue(), all.length);
      boolean isByte = byteFallback && entry.getKey().matches("<0x[0-9A-F]{2}>");
      put(all, allTypes, id, entry.getKey(), isByte ? BYTE : NORMAL);
      count = Math.max(count, id + 1);
    }
    String unknown = model.optionalString("unk_token").orElse("");
    for (JsonFields added : json.objects("added_tokens")) {
      String token = added.string("content");
      int id =
          checkedId(token, added.optional("id").orElseThrow(() -> added.missing("id")), all.length);
      int type = added.bool("special", false) ? CONTROL : USER_DEFINED;
      put(all, allTypes, id, token, token.equals(unknown) ? UNKNOWN : type);
      count = Math.max(count, id + 1);
    }
    for (int i = 0; i < count; i++) {
      if (all[i] == null) {
        put(all, allTypes, i, "[PAD" + i + "]", UNUSED);
      }
    }
    return count;
  }

  private int checkedId(String token, JsonNode id, int vocabulary) {
    if (!id.isIntegralNumber()
        || !id.canConvertToInt()
        || id.intValue() < 0
        || id.intValue() >= vocabulary) {
      throw json.broken(
          String.format(
              Locale.ROOT,
              "token \"%s\" has id %s, expected one from 0 to %d, the rows of the embedding",
              token,
              id,
              vocabulary - 1));
    }
    return id.intValue();
  }

  private void put(String[] all, int[] allTypes, int id, String token, int type) {
    Integer before = ids.put(token, id);
    if ((before != null && before != id) || (all[id] != null && !all[id].equals(token))) {
      throw json.broken(
          String.format(
              Locale.ROOT,
              "token \"%s\" has id %d, expected no other token with it and no other id",
              token,
              id));
    }
    all[id] = token;
    allTypes[id] = type;
  }

  /** The merges as {@code "left right"}; older files spell them so, newer ones as pairs. */
  private List<String> merges() {
    List<JsonNode> elements = model.elements("merges");
    List<String> merges = new ArrayList<>(elements.size());
    for (JsonNode element : elements) {
      String merge =
          element.isString()
              ? element.stringValue()
              : element.isArray()
                      && element.size() == 2
                      && element.get(0).isString()
                      && element.get(1).isString()
                  ? element.get(0).stringValue() + " " + element.get(1).stringValue()
                  : "";
      int blank = merge.indexOf(' ');
      if (blank <= 0 || blank == merge.length() - 1 || merge.indexOf(' ', blank + 1) >= 0) {
        throw model.unexpected("merges", element, "two tokens without blanks");
      }
      String left = merge.substring(0, blank);
      String right = merge.substring(blank + 1);
      if (!ids.containsKey(left) || !ids.containsKey(right) || !ids.containsKey(left + right)) {
        throw model.unexpected("merges", element, "tokens of the vocabulary that make another");
      }
      merges.add(merge);
    }
    return Collections.unmodifiableList(merges);
  }

  private float[] scores(List<String> merges) {
    float[] scores = new float[tokens.length];
    Set<String> ranked = new HashSet<>();
    for (String merge : merges) {
      int blank = merge.indexOf(' ');
      String piece = merge.substring(0, blank) + merge.substring(blank + 1);
      if (ranked.add(piece)) {
        Integer id = ids.get(piece);
        if (id != null) {
          scores[id] = 1 - ranked.size();
        }
      }
    }
    int next = ranked.size();
    for (int i = 0; i < tokens.length; i++) {
      if (types[i] == NORMAL && !ranked.contains(tokens[i])) {
        scores[i] = -next++;
      }
    }
    return scores;
  }

  private int unknown() {
    Optional<String> unknown = model.optionalString("unk_token");
    return unknown.isPresent() ? ids.getOrDefault(unknown.get(), -1) : id("unk_token");
  }

  /** The id of a named token: tokenizer_config.json's text of it, else config.json's number. */
  private int id(String name) {
    Optional<String> text = tokenizerConfig == null ? Optional.empty() : tokenText(name);
    if (text.isPresent()) {
      Integer id = ids.get(text.get());
      if (id == null) {
        throw json.broken(
            "no token \"" + text.get() + "\", expected the " + name + " of the model");
      }
      return id;
    }
    JsonNode id = config == null ? null : config.node().get(name + "_id");
    JsonNode first = id != null && id.isArray() && !id.isEmpty() ? id.get(0) : id;
    return first == null || !first.isIntegralNumber() ? -1 : checkedId(name, first, tokens.length);
  }

  private Optional<String> tokenText(String name) {
    JsonFields fields = tokenizerConfig;
    if (fields == null || fields.optional(name).isEmpty()) {
      return Optional.empty();
    }
    JsonNode value = fields.node().get(name);
    return value.isObject()
        ? fields.object(name).optionalString("content")
        : fields.optionalString(name);
  }
}
