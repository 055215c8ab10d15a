package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Merging against the rule taken literally, on random vocabularies full of ties. */
class MergerTest {
  private static final int BYTE_TOKENS = 256;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void mergesLowestRankFirstAndLeftmostOfEquals(long seed) {
    Random random = new Random(seed);
    TokenizerSpec spec = randomSpec(random);
    Vocabulary vocabulary = new Vocabulary(spec);
    Merges merges = Merges.of(spec, vocabulary);
    Merger merger = new Merger(merges);

    for (int trial = 0; trial < 200; trial++) {
      byte[] text = randomText(random, 1 + random.nextInt(trial < 150 ? 40 : 400));
      int[] symbols = new int[text.length];
      int count = vocabulary.symbols(text, 0, text.length, symbols);
      List<Integer> expected = literally(merges, symbols);

      int left = merger.merge(symbols, count);

      assertThat(Arrays.stream(symbols).limit(left).boxed().toList())
          .as("seed %s, trial %s", seed, trial)
          .isEqualTo(expected);
    }
  }

  private static List<Integer> literally(Merges merges, int[] symbols) {
    List<Integer> ids = new ArrayList<>(Arrays.stream(symbols).boxed().toList());
    while (true) {
      int best = -1;
      long lowest = Merges.NONE >>> 32;
      for (int i = 0; i + 1 < ids.size(); i++) {
        long rank = merges.get(ids.get(i), ids.get(i + 1)) >>> 32;
        if (rank < lowest) {
          lowest = rank;
          best = i;
        }
      }
      if (best < 0) {
        return ids;
      }
      ids.set(best, (int) merges.get(ids.get(best), ids.remove(best + 1)));
    }
  }

  /** Pieces of up to six letters of three, with few different scores. */
  private static TokenizerSpec randomSpec(Random random) {
    List<String> tokens = new ArrayList<>();
    IntStream.range(0, BYTE_TOKENS).forEach(b -> tokens.add("<0x%02X>".formatted(b)));
    tokens.addAll(List.of("a", "b", "c"));
    for (int i = 0; i < 120; i++) {
      tokens.add(new String(randomText(random, 2 + random.nextInt(5)), StandardCharsets.US_ASCII));
    }
    int[] types = new int[tokens.size()];
    Arrays.fill(types, 0, BYTE_TOKENS, 6);
    Arrays.fill(types, BYTE_TOKENS, types.length, 1);
    float[] scores = new float[types.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = -random.nextInt(20);
    }
    return new TokenizerSpec(
        TokenizerSpec.Kind.SENTENCEPIECE,
        TokenizerSpec.Pre.NONE,
        tokens,
        types,
        scores,
        List.of(),
        -1,
        -1,
        -1,
        false,
        true,
        false);
  }

  private static byte[] randomText(Random random, int length) {
    byte[] text = new byte[length];
    for (int i = 0; i < length; i++) {
      text[i] = (byte) ('a' + random.nextInt(3));
    }
    return text;
  }
}
