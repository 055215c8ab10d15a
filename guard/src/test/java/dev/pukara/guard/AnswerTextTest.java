package dev.pukara.guard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerTextTest {
  private static final Policy POLICY = Policies.builtIn("llama-guard-3");

  @ParameterizedTest
  @ValueSource(strings = {"safe", "\n\nsafe", " safe \n"})
  void safe(String text) {
    assertThat(AnswerText.parse(text, POLICY)).isEqualTo(new AnswerText.Safe());
  }

  @ParameterizedTest
  @ValueSource(strings = {"unsafe\nS1,S10", "\n\nunsafe\nS1, S10 ", "unsafe\n\n S1 S10,"})
  void unsafe(String text) {
    assertThat(AnswerText.parse(text, POLICY))
        .isEqualTo(new AnswerText.Unsafe(List.of("S1", "S10"), List.of()));
  }

  @Test
  void unsafeWithoutOrWithUnknownCodesIsUnsafe() {
    assertThat(AnswerText.parse("unsafe", POLICY))
        .isEqualTo(new AnswerText.Unsafe(List.of(), List.of()));
    assertThat(AnswerText.parse("unsafe\nS1,S99", POLICY))
        .isEqualTo(new AnswerText.Unsafe(List.of("S1"), List.of("S99")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " \n",
        "safe\nS1",
        "Safe",
        "safe.",
        "unsafe S1",
        "unsafely",
        "not safe",
        "safe, sorry",
        "unsafe\nS1\nsafe",
        "I can't help with that."
      })
  void everythingElseIsUnreadable(String text) {
    assertThat(AnswerText.parse(text, POLICY)).isInstanceOf(AnswerText.Unreadable.class);
  }
}
