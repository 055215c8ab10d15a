package dev.pukara.train.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LessonMakerTest {
  /** A text in capitals is no safe lesson on a policy that forbids capitals. */
  @Test
  void disguisesBringInNothingThatThePolicyForbids() {
    PolicyBook book = PolicyBook.standard();
    Rule capitals =
        IntStream.range(0, book.topics())
            .mapToObj(topic -> book.topic(topic, new Random(1)))
            .filter(rule -> rule.category().description().contains("capital letters"))
            .findFirst()
            .orElseThrow();
    Variant variant = book.outline("llama-guard-3").usual().withRules(List.of(capitals));
    Case safe = Cases.safe("what is the capital of Peru");
    DataOptions options =
        DataOptions.read(
            Fields.parse("rates: {obfuscate: 1, wrap: 0, context: 0}", "test"), Map.of(), 1);
    LessonMaker maker = new LessonMaker(options, new Pools(List.of(safe), book, 1, name -> 1));
    int disguised = 0;
    for (int seed = 0; seed < 200; seed++) {
      Lesson lesson = maker.lesson(safe, variant, 0, new Random(seed));
      assertThat(lesson.unsafe()).isFalse();
      assertThat(variant.verdict(safe.with(lesson.conversation()))).isEqualTo(Judgement.NO);
      disguised += lesson.conversation().equals(safe.conversation()) ? 0 : 1;
    }
    assertThat(disguised).isBetween(100, 199);
  }
}
