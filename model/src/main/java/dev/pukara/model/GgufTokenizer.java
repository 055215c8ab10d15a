package dev.pukara.model;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A tokenizer's tables as GGUF's keys {@code tokenizer.ggml.*} hold them, read and written.
 *
 * <p>Source: the key list of the <a
 * href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">GGUF specification</a> and what
 * llama.cpp makes of absent keys.
 */
final class GgufTokenizer {
  private static final String PREFIX = "tokenizer.ggml.";
  static final String CHAT_TEMPLATE = "tokenizer.chat_template";
  private static final int NORMAL = 1;

  private GgufTokenizer() {}

  /** Reads the tables. */
  static TokenizerSpec read(GgufMetadata m) {
    String model = m.string(PREFIX + "model");
    TokenizerSpec.Kind kind =
        switch (model) {
          case "gpt2" -> TokenizerSpec.Kind.BYTE_BPE;
          case "llama" -> TokenizerSpec.Kind.SENTENCEPIECE;
          default ->
              throw new FormatException(
                  m.file()
                      + ": tokenizer "
                      + model
                      + ", expected gpt2 (byte-level BPE) or llama (SentencePiece);"
                      + " choose a model with one of these");
        };
    boolean bytes = kind == TokenizerSpec.Kind.BYTE_BPE;
    List<String> tokens = required(m, "tokens", m.strings(PREFIX + "tokens"));
    int count = tokens.size();
    TokenizerSpec.Pre pre = bytes ? pre(m, tokens) : TokenizerSpec.Pre.NONE;
    boolean llama3 = pre == TokenizerSpec.Pre.LLAMA3;
    return new TokenizerSpec(
        kind,
        pre,
        tokens,
        types(m, count),
        bytes ? new float[0] : scores(m, count),
        bytes ? merges(m) : List.of(),
        id(m, "bos_token_id", bytes ? -1 : 1, count),
        id(m, "eos_token_id", bytes ? -1 : 2, count),
        id(m, "unknown_token_id", bytes ? -1 : 0, count),
        m.optionalBool(PREFIX + "add_bos_token").orElse(!bytes || llama3),
        m.optionalBool(PREFIX + "add_space_prefix").orElse(!bytes),
        llama3);
  }

  private static <T> T required(GgufMetadata m, String key, @Nullable T value) {
    if (value == null) {
      throw m.missing(PREFIX + key);
    }
    return value;
  }

  private static TokenizerSpec.Pre pre(GgufMetadata m, List<String> tokens) {
    String pre = m.optionalString(PREFIX + "pre").orElse("default");
    return switch (pre) {
      case "smollm" -> TokenizerSpec.Pre.SMOLLM;
      case "llama-bpe", "llama3", "llama-v3" -> TokenizerSpec.Pre.LLAMA3;
      case "gpt-2" -> TokenizerSpec.Pre.GPT2;
      // The first conversions of Llama 3 came before the key; only its vocabulary has this token.
      case "default" ->
          tokens.contains("<|begin_of_text|>") ? TokenizerSpec.Pre.LLAMA3 : TokenizerSpec.Pre.GPT2;
      default ->
          throw new FormatException(
              String.format(
                  Locale.ROOT,
                  "%s: pre-tokenizer %s, expected llama-bpe, smollm or gpt-2;"
                      + " choose a model with one of these",
                  m.file(),
                  pre));
    };
  }

  private static int[] types(GgufMetadata m, int count) {
    int[] types = m.integers(PREFIX + "token_type");
    if (types == null) {
      types = new int[count];
      Arrays.fill(types, NORMAL);
    }
    sameLength(m, "token_type", types.length, count);
    for (int type : types) {
      if (type < 0 || type > 6) {
        throw m.broken(PREFIX + "token_type holds " + type + ", expected 1 to 6");
      }
    }
    return types;
  }

  private static float[] scores(GgufMetadata m, int count) {
    float[] scores = required(m, "scores", m.floats(PREFIX + "scores"));
    sameLength(m, "scores", scores.length, count);
    return scores;
  }

  private static void sameLength(GgufMetadata m, String key, int length, int count) {
    if (length != count) {
      throw m.broken(
          PREFIX + key + " has " + length + " entries, expected " + count + ", one per token");
    }
  }

  private static List<String> merges(GgufMetadata m) {
    List<String> merges = required(m, "merges", m.strings(PREFIX + "merges"));
    for (String merge : merges) {
      int blank = merge.indexOf(' ');
      if (blank <= 0 || blank == merge.length() - 1 || merge.indexOf(' ', blank + 1) >= 0) {
        throw m.broken(
            PREFIX + "merges holds \"" + merge + "\", expected two tokens and one blank between");
      }
    }
    return merges;
  }

  private static int id(GgufMetadata m, String key, int absent, int count) {
    Optional<Integer> id = m.optionalInteger(PREFIX + key);
    if (id.isPresent() && id.get() >= count) {
      throw m.broken(
          PREFIX + key + " is " + id.get() + ", expected less than the " + count + " tokens");
    }
    return id.orElse(absent < count ? absent : -1);
  }

  /** Writes the tables. */
  static void write(TokenizerSpec spec, SequencedMap<String, GgufValue> to) {
    boolean bytes = spec.kind() == TokenizerSpec.Kind.BYTE_BPE;
    to.put(PREFIX + "model", GgufValue.string(bytes ? "gpt2" : "llama"));
    to.put(
        PREFIX + "pre",
        GgufValue.string(
            switch (spec.pre()) {
              case GPT2 -> "gpt-2";
              case SMOLLM -> "smollm";
              case LLAMA3 -> "llama-bpe";
              case NONE -> "default";
            }));
    to.put(PREFIX + "tokens", GgufValue.array(GgufType.STRING, spec.tokens()));
    if (!bytes) {
      List<Float> scores =
          IntStream.range(0, spec.scores().length).mapToObj(i -> spec.scores()[i]).toList();
      to.put(PREFIX + "scores", GgufValue.array(GgufType.FLOAT32, scores));
    }
    to.put(
        PREFIX + "token_type",
        GgufValue.array(
            GgufType.INT32, Arrays.stream(spec.types()).mapToObj(Long::valueOf).toList()));
    if (bytes) {
      to.put(PREFIX + "merges", GgufValue.array(GgufType.STRING, spec.merges()));
    }
    putId(to, "bos_token_id", spec.bos());
    putId(to, "eos_token_id", spec.eos());
    putId(to, "unknown_token_id", spec.unknown());
    to.put(PREFIX + "add_bos_token", GgufValue.bool(spec.addBos()));
    to.put(PREFIX + "add_space_prefix", GgufValue.bool(spec.addSpacePrefix()));
  }

  private static void putId(SequencedMap<String, GgufValue> to, String key, int id) {
    if (id >= 0) {
      to.put(PREFIX + key, GgufValue.u32(id));
    }
  }
}
