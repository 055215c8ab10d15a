package dev.pukara.guard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BeginningTest {
  private static String words(int count) {
    return IntStream.range(0, count).mapToObj(i -> "w" + i).collect(Collectors.joining(" "));
  }

  @Test
  void shortTextHasNone() {
    assertThat(Beginning.of("")).isEmpty();
    assertThat(Beginning.of(words(99))).isEmpty();
    assertThat(Beginning.of(" \n".repeat(200))).isEmpty();
  }

  @Test
  void endsWithFirstSentenceOfEightWordsOrMore() {
    assertThat(Beginning.of("Hello there. How do I bake a loaf of rye? " + words(100)))
        .contains("Hello there. How do I bake a loaf of rye?");
  }

  @Test
  void endsAfterFortyWordsWithoutSentence() {
    assertThat(Beginning.of(words(100))).contains(words(40));
    assertThat(Beginning.of(words(60) + ". " + words(60))).contains(words(40));
  }

  @Test
  void keepsLineBreaksAndBlanksAsTheyAre() {
    String start = "  one two\n\nthree four five six seven  eight nine!";
    assertThat(Beginning.of(start + "\n" + words(100))).contains(start);
  }
}
