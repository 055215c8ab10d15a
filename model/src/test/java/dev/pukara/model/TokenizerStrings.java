package dev.pukara.model;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The strings on which tokenizers are compared, put together from golden/tokenizers/strings.json in
 * the same way as in scripts/make_tokenizer_golden.py.
 */
final class TokenizerStrings {
  static final int STRINGS = 24_000;
  private static final int SEED = 20261124;

  private final JsonNode blocks;

  TokenizerStrings() {
    blocks = JsonMapper.shared().readTree(Golden.path("tokenizers/strings.json").toFile());
  }

  /** String {@code index}; it may hold unpaired surrogates. */
  String string(int index) {
    Draws draws = new Draws(SEED + index);
    JsonNode recipes = blocks.get("recipes");
    JsonNode recipe = recipes.get(index % recipes.size());
    JsonNode sources = recipe.get("from");
    int times = recipe.has("times") ? recipe.get("times").asInt() : 1;
    StringBuilder text = new StringBuilder();
    for (int count = 1 + draws.below(recipe.get("count").asInt()); count > 0; count--) {
      String atom = draw(sources.get(draws.below(sources.size())).asString(), draws);
      text.repeat(atom, 1 + draws.below(times));
    }
    return text.toString();
  }

  private String draw(String source, Draws draws) {
    return switch (source) {
      case "#any" -> {
        int[] bounds = {0x800, 0x10000, 0x10000, 0x110000};
        yield character(draws.below(bounds[draws.below(4)]));
      }
      case "#plane" -> character(0x10000 + draws.below(0x30000));
      case "#unit" -> character(0xD800 + draws.below(0x800));
      default -> {
        boolean blank = source.startsWith("_");
        JsonNode choices = blocks.get("lists").get(blank ? source.substring(1) : source);
        String word = choices.get(draws.below(choices.size())).asString();
        yield blank ? ' ' + word : word;
      }
    };
  }

  private static String character(int codePoint) {
    return Character.toString(isNewDigit(codePoint) ? 0xFFFD : codePoint);
  }

  /** Digits of Unicode 17, which the oracle of SmolLM2 splits off and JDK 25 does not know. */
  private static boolean isNewDigit(int codePoint) {
    return codePoint >= 0x11DE0 && codePoint < 0x11DEA
        || codePoint >= 0x16FF4 && codePoint <= 0x16FF6;
  }

  /** Every character in the surroundings that the patterns tell apart. */
  static List<String> characters() {
    List<String> texts = new ArrayList<>(Character.MAX_CODE_POINT);
    for (int code = 0; code <= Character.MAX_CODE_POINT; code++) {
      boolean surrogate = code >= Character.MIN_SURROGATE && code <= Character.MAX_SURROGATE;
      if (!surrogate && !isNewDigit(code)) {
        String c = Character.toString(code);
        texts.add("a%sb %s1%s%s\n%s '%ss' %s".replace("%s", c));
      }
    }
    return texts;
  }

  /** SplitMix64. */
  private static final class Draws {
    private long state;

    Draws(long seed) {
      state = seed;
    }

    int below(int bound) {
      state += 0x9E3779B97F4A7C15L;
      long z = state;
      z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
      z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
      return (int) Long.remainderUnsigned((z ^ z >>> 31) >>> 33, bound);
    }
  }
}
