package dev.pukara.train.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.Role;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TextChangesTest {
  private static final String TEXT = "Explain please how the boat floats, Óscar! 🙂";

  @ParameterizedTest
  @EnumSource(Obfuscation.class)
  void disguisesChangeTheTextAndDependOnTheSeedAlone(Obfuscation obfuscation) {
    String disguised = obfuscation.apply(TEXT, new Random(1));
    assertThat(disguised).isNotEqualTo(TEXT).isNotBlank();
    assertThat(obfuscation.apply(TEXT, new Random(1))).isEqualTo(disguised);
    assertThat(obfuscation.apply("", new Random(1))).isNotNull();
  }

  @Test
  void disguisesCanBeUndone() {
    String packed = Obfuscation.BASE64.apply(TEXT, new Random(1));
    String last = packed.substring(packed.lastIndexOf(' ') + 1);
    assertThat(new String(Base64.getDecoder().decode(last), StandardCharsets.UTF_8))
        .isEqualTo(TEXT);
    assertThat(Obfuscation.ZERO_WIDTH.apply(TEXT, new Random(1)).replace("\u200b", ""))
        .isEqualTo(TEXT);
    assertThat(Obfuscation.CASE.apply(TEXT, new Random(1))).isEqualToIgnoringCase(TEXT);
    assertThat(Obfuscation.SPACING.apply("ab c", new Random(1))).isEqualTo("a b   c");
  }

  @Test
  void wrappersHoldTheWholePayload() {
    for (int seed = 0; seed < 100; seed++) {
      String wrapped = TextChanges.wrap(Conversation.user(TEXT), new Random(seed)).last().text();
      assertThat(wrapped).contains(TEXT).doesNotContain("{text}").hasSizeGreaterThan(TEXT.length());
    }
  }

  @Test
  void paddingLeavesTheTextWhole() {
    boolean before = false;
    boolean behind = false;
    for (int seed = 0; seed < 100; seed++) {
      String padded =
          TextChanges.pad(Conversation.user(TEXT), "An ordinary day.", new Random(seed))
              .last()
              .text();
      assertThat(padded).contains(TEXT, "An ordinary day.").hasSizeLessThan(TEXT.length() + 800);
      before |= padded.startsWith("An ordinary day.");
      behind |= padded.startsWith(TEXT);
    }
    assertThat(before && behind).isTrue();
  }

  @Test
  void longPaddingIsCut() {
    String ordinary = "word ".repeat(1000);
    assertThat(TextChanges.pad(Conversation.user(TEXT), ordinary, new Random(1)).last().text())
        .contains(TEXT)
        .hasSizeLessThan(TEXT.length() + 800);
  }

  @Test
  void rolesSwap() {
    Conversation swapped = TextChanges.swapRole(Conversation.user("a").agent("b"));
    assertThat(swapped).isEqualTo(Conversation.user("b"));
    assertThat(TextChanges.swapRole(swapped).last().role()).isEqualTo(Role.AGENT);
  }

  @Test
  void longMessagesLoseTheirMiddle() {
    String text = "a".repeat(50) + "b".repeat(50);
    assertThat(TextChanges.shorten(Conversation.user(text), 20).last().text())
        .isEqualTo("a".repeat(10) + " ... " + "b".repeat(10));
    String faces = TextChanges.shorten(Conversation.user("🙂".repeat(30)), 21).last().text();
    assertThat(faces.codePoints().allMatch(c -> c == "🙂".codePointAt(0) || c < 128)).isTrue();
    Conversation fits = Conversation.user("short").agent("too");
    assertThat(TextChanges.shorten(fits, 20)).isEqualTo(fits);
  }

  @Test
  void aLongAnswerKeepsItsLongQuestion() {
    Conversation talk = Conversation.user("x".repeat(100)).agent("y".repeat(100));
    assertThat(TextChanges.shorten(talk, 20).messages()).hasSize(2);
  }

  @Test
  void oldTurnsGoFirst() {
    Conversation talk = Conversation.user("x".repeat(20));
    for (int i = 0; i < 4; i++) {
      talk = talk.agent("y".repeat(20)).andUser("z".repeat(20));
    }
    Conversation shortened = TextChanges.shorten(talk, 25);
    assertThat(shortened.messages()).hasSize(2);
    assertThat(shortened.last()).isEqualTo(talk.last());
  }
}
