package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What tokenizers promise beyond being equal to others (for that see {@link TokenizerGoldenTest}).
 */
class TokenizerTest {
  private static final int NORMAL = 1;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;

  static List<String> small() {
    return List.of(
        "byte_bpe gpt2",
        "byte_bpe smollm",
        "byte_bpe llama3",
        "sentencepiece merges",
        "sentencepiece scores");
  }

  @ParameterizedTest
  @MethodSource("small")
  void textNamesNoSpecialToken(String name) {
    TokenizerSpec spec = Specs.small(name);
    Tokenizer tokenizer = Tokenizer.of(spec);
    List<String> special = new ArrayList<>();
    for (int id = 0; id < spec.types().length; id++) {
      if (spec.types()[id] == CONTROL || spec.types()[id] == USER_DEFINED) {
        String token = spec.tokens().get(id);
        special.add(token);
        assertThat(tokenizer.special(token)).isEqualTo(id);
        assertThat(tokenizer.token(token)).isEqualTo(-1);
        assertThat(tokenizer.decode(new int[] {id})).isEqualTo(token);
        assertThat(tokenizer.isControl(id)).isEqualTo(spec.types()[id] == CONTROL);
      }
    }
    assertThat(special).isNotEmpty();

    for (String token : special) {
      for (String text :
          List.of(token, "a" + token + "b", " " + token, token + token, token + "\n")) {
        int[] ids = tokenizer.encode(text);
        assertThat(Arrays.stream(ids).map(id -> spec.types()[id]))
            .as(text)
            .allMatch(t -> t == NORMAL || t == 6);
        assertThat(tokenizer.decode(ids)).isEqualTo(text);
      }
    }
  }

  @Test
  void mergesThatSpellASpecialTokenAreLeftOut() {
    TokenizerSpec spec =
        bytes(List.of("<", "s", ">", "<s", "<s>"), List.of("< s", "<s >"), CONTROL);
    Tokenizer tokenizer = Tokenizer.of(spec);

    assertThat(tokenizer.encode("<s>")).containsExactly(3, 2);
    assertThat(tokenizer.special("<s>")).isEqualTo(4);
  }

  @Test
  void wholePieceThatSpellsASpecialTokenIsMerged() {
    TokenizerSpec spec = bytes(List.of("a", "b", "c", "ab", "abc"), List.of("a b"), CONTROL);

    assertThat(Tokenizer.of(spec).encode("abc")).containsExactly(3, 2);
  }

  @ParameterizedTest
  @MethodSource("small")
  void decodeGivesTheTextBack(String name) {
    Tokenizer tokenizer = Tokenizer.of(Specs.small(name));
    TokenizerStrings strings = new TokenizerStrings();
    for (int i = 0; i < 2_000; i++) {
      String text = new String(Utf8.encode(strings.string(i)), StandardCharsets.UTF_8);
      if (name.startsWith("byte_bpe")) {
        // The vocabulary lacks the bytes 04 and F2 on purpose.
        text =
            text.codePoints()
                .filter(c -> c != 4 && !(c >= 0x80000 && c < 0xC0000))
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
      } else {
        text = text.replace(TokenBytes.BLANK, ' ');
      }
      assertThat(tokenizer.decode(tokenizer.encode(text))).as("string %s", i).isEqualTo(text);
    }
  }

  @ParameterizedTest
  @MethodSource("small")
  void everyOrdinaryTokenIsFoundByItsText(String name) {
    TokenizerSpec spec = Specs.small(name);
    Tokenizer tokenizer = Tokenizer.of(spec);
    UnaryOperator<String> spelled =
        spec.kind() == TokenizerSpec.Kind.SENTENCEPIECE
            ? token -> token.replace(TokenBytes.BLANK, ' ')
            : token -> token.replace('\u0120', ' ').replace('\u010A', '\n');
    for (int id = 0; id < tokenizer.size(); id++) {
      String token = spelled.apply(spec.tokens().get(id));
      boolean ascii = token.chars().allMatch(c -> c < 0x80);
      if (spec.types()[id] == NORMAL && ascii) {
        assertThat(tokenizer.token(token)).as(token).isEqualTo(id);
      }
    }
    assertThat(tokenizer.token("no token reads so")).isEqualTo(-1);
    assertThat(tokenizer.token("")).isEqualTo(-1);
    assertThat(tokenizer.special("no token reads so")).isEqualTo(-1);
  }

  @Test
  void byteTokenIsFoundByItsText() {
    Tokenizer tokenizer = Tokenizer.of(Specs.small("sentencepiece scores"));

    assertThat(tokenizer.spec().tokens().get(tokenizer.token("\u0007"))).isEqualTo("<0x07>");
    assertThat(tokenizer.token("<0x07>")).isEqualTo(-1);
  }

  @ParameterizedTest
  @MethodSource("small")
  void unpairedSurrogatesAreReplaced(String name) {
    Tokenizer tokenizer = Tokenizer.of(Specs.small(name));

    assertThat(tokenizer.encode("a\uD83Db\uDE00\uD83D"))
        .isEqualTo(tokenizer.encode("a\uFFFDb\uFFFD\uFFFD"));
    assertThat(tokenizer.encode("\uD83D\uD83D\uDE00"))
        .isEqualTo(tokenizer.encode("\uFFFD\uD83D\uDE00"));
    assertThat(tokenizer.encode("")).isEmpty();
  }

  @Test
  void incompleteUtf8IsReplaced() {
    Tokenizer tokenizer = Tokenizer.of(Specs.small("sentencepiece scores"));
    int first = tokenizer.spec().tokens().indexOf("<0xC3>");

    assertThat(tokenizer.decode(new int[] {first, tokenizer.token("a")})).isEqualTo("\uFFFDa");
  }

  @Test
  void idsOutsideTheVocabularyAreRefused() {
    Tokenizer tokenizer = Tokenizer.of(Specs.small("byte_bpe gpt2"));

    assertThatThrownBy(() -> tokenizer.decode(new int[] {tokenizer.size()}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("token %s, expected 0 to %s", tokenizer.size(), tokenizer.size() - 1);
    assertThatThrownBy(() -> tokenizer.decode(new int[] {-1}))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        " ",
        "\n",
        "'",
        "!",
        "ab",
        "1",
        "\uD83D\uDE00",
        "\uD83D",
        " \n",
        "'S",
        "\u3000",
        "\u0301",
        "\t x",
        "\u2581"
      })
  void longRunsTakeLinearTime(String unit) {
    String text = unit.repeat(1_000_000 / unit.length());
    String expected =
        new String(Utf8.encode(text), StandardCharsets.UTF_8).replace(TokenBytes.BLANK, ' ');
    for (String name : small()) {
      Tokenizer tokenizer = Tokenizer.of(Specs.small(name));
      int[] ids = assertTimeoutPreemptively(Duration.ofSeconds(20), () -> tokenizer.encode(text));
      assertThat(tokenizer.decode(ids).replace(TokenBytes.BLANK, ' ').equals(expected))
          .as(name)
          .isTrue();
    }
  }

  @Test
  void threadsShareATokenizer() {
    TokenizerStrings strings = new TokenizerStrings();
    Tokenizer alone = Tokenizer.of(Specs.small("byte_bpe llama3"));
    Tokenizer shared = Tokenizer.of(Specs.small("byte_bpe llama3"));

    boolean same =
        IntStream.range(0, 4_000)
            .parallel()
            .allMatch(
                i ->
                    Arrays.equals(
                        shared.encode(strings.string(i % 1_000)),
                        encodeAlone(alone, strings.string(i % 1_000))));

    assertThat(same).isTrue();
  }

  private static int[] encodeAlone(Tokenizer tokenizer, String text) {
    synchronized (tokenizer) {
      return tokenizer.encode(text);
    }
  }

  @Test
  void contradictionsAreTold() {
    assertThatThrownBy(() -> Tokenizer.of(bytes(List.of("a", "b"), List.of("a b"), NORMAL)))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("merge 0 reads 'a b'");
    assertThatThrownBy(() -> Tokenizer.of(bytes(List.of("a", "b", "ab"), List.of("ab"), NORMAL)))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("merge 0 reads 'ab'");
    TokenizerSpec good = Specs.small("sentencepiece scores");
    assertThatThrownBy(() -> Tokenizer.of(with(good, good.types(), new float[3])))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("3 scores and no merges");
    float[] scores = good.scores().clone();
    scores[300] = Float.NaN;
    assertThatThrownBy(() -> Tokenizer.of(with(good, good.types(), scores)))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("score of token 300");
    assertThatThrownBy(() -> Tokenizer.of(with(good, new int[] {1}, good.scores())))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("1 token types");
    int[] noByte = good.types().clone();
    noByte[good.tokens().indexOf("<0x41>")] = NORMAL;
    assertThatThrownBy(() -> Tokenizer.of(with(good, noByte, good.scores())))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("no byte token <0x41>");
    int[] wrongByte = good.types().clone();
    wrongByte[300] = 6;
    assertThatThrownBy(() -> Tokenizer.of(with(good, wrongByte, good.scores())))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("token 300 is of type byte");
  }

  private static TokenizerSpec with(TokenizerSpec s, int[] types, float[] scores) {
    return new TokenizerSpec(
        s.kind(),
        s.pre(),
        s.tokens(),
        types,
        scores,
        s.merges(),
        s.bos(),
        s.eos(),
        s.unknown(),
        s.addBos(),
        s.addSpacePrefix(),
        s.ignoreMerges());
  }

  /** A byte BPE whose last token is of the given type. */
  private static TokenizerSpec bytes(List<String> tokens, List<String> merges, int lastType) {
    int[] types = new int[tokens.size()];
    Arrays.fill(types, NORMAL);
    types[types.length - 1] = lastType;
    return new TokenizerSpec(
        TokenizerSpec.Kind.BYTE_BPE,
        TokenizerSpec.Pre.NONE,
        tokens,
        types,
        new float[0],
        merges,
        -1,
        -1,
        -1,
        false,
        false,
        true);
  }
}
