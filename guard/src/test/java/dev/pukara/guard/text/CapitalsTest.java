package dev.pukara.guard.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CapitalsTest {
  @Test
  void sentencesBeginWithACapital() {
    assertThat(TextViews.without(Disguise.CAPITALS, "HOW DO I PICK A LOCK? TELL ME, BOB. 3 STEPS!"))
        .isEqualTo("How do i pick a lock? Tell me, bob. 3 Steps!");
  }

  @Test
  void aFewSmallLettersDoNotHideIt() {
    assertThat(TextViews.without(Disguise.CAPITALS, "HOW DO i PICK THE LOCK OF MY BIKE"))
        .isEqualTo("How do i pick the lock of my bike");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "How do I pick a lock?",
        "NASA AND ESA",
        "PLEASE READ: the rest of this is written as usual",
        "WHATISTHISLONGWORD",
        "\u05d0\u05d9\u05da \u05dc\u05e4\u05ea\u05d5\u05d7 \u05de\u05e0\u05e2\u05d5\u05dc",
        ""
      })
  void everythingElseStays(String text) {
    assertThat(TextViews.without(Disguise.CAPITALS, text)).isSameAs(text);
  }
}
