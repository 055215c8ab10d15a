package dev.pukara.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.model.StorageTypes;
import dev.pukara.model.SyntheticModel;
import java.io.IOException;
import java.nio.file.Path;
import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is let out, when it is judged, and what that costs. */
class GuardedStreamTest {
  private static final PromptFormat FORMAT = PromptFormats.find("pukara-1");
  private static final Policy POLICY = FORMAT.defaultPolicy();
  private static final StreamOptions EVERY_8 =
      StreamOptions.DEFAULT.withCheckTokens(8).withHoldCharacters(10).withNotice("[stopped]");

  /** Conversations that were judged. */
  private final List<Conversation> judged = new ArrayList<>();

  private GuardedStream stream(ToDoubleFunction<String> score, StreamOptions options) {
    Windows windows =
        new Windows(64, 8, text -> text.isBlank() ? 0 : text.strip().split("\\s+").length);
    Judge judge = new Judge(POLICY, new Settings(1, 1, 0, 0.5, 0, false, CategoryMode.NEVER));
    return new GuardedStream(
        conversation -> {
          judged.add(conversation);
          double p = score.applyAsDouble(conversation.last().text());
          Trace trace = new Trace("m", "", "p", "", "f", "", List.of(), 100, 90, 1);
          return judge.verdict(
              new Odds(Math.log(1 - p), Math.log(p), 1), List.of(), Action.ALLOW, trace);
        },
        windows,
        options,
        List.of(new Message(Role.USER, "Tell me a story")));
  }

  private static double unsafeWithPoison(String text) {
    return text.contains("poison") ? 0.9 : 0.1;
  }

  private static String words(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "w" + i).collect(Collectors.joining(" "));
  }

  @Test
  void safeAnswerComesOutWholeAndNothingUnjudged() {
    String answer = words(0, 30) + ". " + words(30, 50) + "! 👍 The end.";
    GuardedStream stream = stream(GuardedStreamTest::unsafeWithPoison, EVERY_8);
    StringBuilder shown = new StringBuilder();
    for (int i = 0; i < answer.length(); i++) {
      shown.append(stream.push(answer.substring(i, i + 1)));
      String seen = judged.isEmpty() ? "" : judged.getLast().last().text();
      assertThat(shown.length())
          .isLessThanOrEqualTo(Math.max(0, answer.indexOf(seen) + seen.length()));
      assertThat(shown.codePoints().noneMatch(c -> Character.getType(c) == Character.SURROGATE))
          .isTrue();
    }
    shown.append(stream.finish());
    assertThat(shown.toString()).isEqualTo(answer);
    assertThat(stream.verdict()).get().isInstanceOf(Verdict.Safe.class);
    assertThat(stream.checks()).isBetween(50 / 8, 50);
    assertThat(stream.computedTokens()).isEqualTo(10L * stream.checks());
  }

  @Test
  void blanksWaitForTheTextBehindThem() {
    GuardedStream stream = stream(GuardedStreamTest::unsafeWithPoison, EVERY_8);
    String blanks = " \n".repeat(200);
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < blanks.length(); i++) {
        assertThat(stream.push(blanks.substring(i, i + 1))).isEmpty();
      }
      assertThat(stream.checks()).isEqualTo(round);
      stream.push(words(0, 8));
      assertThat(stream.checks()).isEqualTo(round + 1);
    }
    assertThat(judged.getLast().last().text()).endsWith(blanks + words(0, 8));
  }

  @Test
  void violationIsStoppedBeforeItShows() {
    GuardedStream stream = stream(GuardedStreamTest::unsafeWithPoison, EVERY_8);
    StringBuilder shown = new StringBuilder();
    for (String word : (words(0, 40) + " brew poison now " + words(40, 80)).split(" ")) {
      if (stream.isStopped()) {
        break;
      }
      shown.append(stream.push(word + " "));
    }
    assertThat(stream.isStopped()).isTrue();
    assertThat(shown.toString())
        .startsWith("w0 w1")
        .doesNotContain("poison")
        .endsWith("\n\n[stopped]");
    assertThat(shown.indexOf("w35")).isPositive();
    assertThat(stream.verdict()).get().isInstanceOf(Verdict.Unsafe.class);
    assertThat(stream.finish()).isEmpty();
    assertThatThrownBy(() -> stream.push("x")).isInstanceOf(IllegalStateException.class);
  }

  /** What does not stop an answer is still told of at its end. */
  @Test
  void worstVerdictIsKept() {
    Trace trace = new Trace("m", "", "p", "", "f", "", List.of(), 100, 90, 1);
    Verdict safe = new Verdict.Safe(0.35, List.of(), trace);
    Verdict lost = new Verdict.Unreadable("HTTP 500", true, Action.ALLOW, trace);
    Verdict flagged =
        new Verdict.Unsafe(0.3, List.of(), List.of(), List.of(), List.of(), Action.FLAG, trace);
    assertThat(worst(flagged, lost, safe)).isEqualTo(flagged);
    assertThat(worst(lost, safe, flagged)).isEqualTo(flagged);
    assertThat(worst(safe, lost, safe)).isEqualTo(lost);
    assertThat(worst(lost, safe, safe)).isEqualTo(lost);
  }

  private static Verdict worst(Verdict... verdicts) {
    Iterator<Verdict> next = List.of(verdicts).iterator();
    GuardedStream stream =
        new GuardedStream(
            conversation -> next.next(),
            new Windows(64, 8, text -> text.isBlank() ? 0 : text.strip().split("\\s+").length),
            EVERY_8,
            List.of());
    for (int i = 0; i < verdicts.length; i++) {
      stream.push(words(0, 8) + " ");
    }
    assertThat(next.hasNext()).isFalse();
    return stream.verdict().orElseThrow();
  }

  /** Chinese has no blanks; in Hindi vowel signs, in emoji pairs of surrogates must not be cut. */
  @ParameterizedTest
  @ValueSource(strings = {"今天天气很好我们去公园", "नमस्तेदुनियाकैसेहो", "👍🏽👩‍👩‍👧", "e\u0301"})
  void textWithoutBlanksIsShownAsItIsWritten(String text) {
    String answer = text.repeat(200 / text.length());
    GuardedStream stream =
        new GuardedStream(
            conversation ->
                new Verdict.Safe(
                    0.1, List.of(), new Trace("m", "", "p", "", "f", "", List.of(), 1, 0, 1)),
            new Windows(1_000, 8, String::length),
            EVERY_8,
            List.of());
    BreakIterator characters = BreakIterator.getCharacterInstance(Locale.ROOT);
    characters.setText(answer);
    StringBuilder shown = new StringBuilder();
    for (int i = 0; i < answer.length(); i++) {
      shown.append(stream.push(answer.substring(i, i + 1)));
      assertThat(characters.isBoundary(shown.length())).as("after %d", shown.length()).isTrue();
    }
    assertThat(shown.length()).isGreaterThan(answer.length() - 40);
    assertThat(shown.append(stream.finish()).toString()).isEqualTo(answer);
  }

  @Test
  void lastWordsAreJudgedToo() {
    GuardedStream stream = stream(GuardedStreamTest::unsafeWithPoison, EVERY_8);
    assertThat(stream.push("Use poison")).isEmpty();
    assertThat(stream.finish()).isEqualTo("[stopped]");
  }

  @Test
  void openCodeBlockIsClosed() {
    GuardedStream stream =
        stream(GuardedStreamTest::unsafeWithPoison, EVERY_8.withHoldCharacters(0));
    String shown = stream.push("Here:\n```\n" + words(0, 10) + "\n");
    shown += stream.push(words(10, 20) + " poison\n");
    assertThat(shown).endsWith("w9\n```\n\n[stopped]");
  }

  @Test
  void longAnswerIsJudgedInWindowsWithoutGaps() {
    GuardedStream stream = stream(GuardedStreamTest::unsafeWithPoison, EVERY_8);
    String answer = words(0, 400);
    for (String word : answer.split(" ")) {
      stream.push(word + " ");
    }
    stream.finish();
    assertThat(judged).allMatch(c -> c.last().text().split(" ").length <= 32 + 8);
    for (int i = 0; i < 399; i++) {
      String pair = "w" + i + " w" + (i + 1);
      assertThat(judged).as(pair).anyMatch(c -> c.last().text().contains(pair));
    }
  }

  @Test
  void costIsLinearOnARealEngine(@TempDir Path folder) throws IOException {
    Path model = folder.resolve("tiny.gguf");
    SyntheticModel.write(
        SyntheticModel.Shape.TINY, StorageTypes.AS_SOURCE, 1, Optional.empty(), model);
    GuardOptions options =
        GuardOptions.of(model)
            .withFormat(PromptFormats.find("llama-guard-3-1b"))
            .withThreshold(1)
            .withDefences(DefenceOptions.NONE.withWindowTokens(256));
    try (Guard guard = Guard.open(options)) {
      guard.check(Conversation.user("warm").agent("up"));
      long once = computed(guard, 200);
      long twice = computed(guard, 400);
      assertThat((double) twice / once).isBetween(1.6, 2.4);
      int all = guard.check(Conversation.user("q").agent(words(0, 200))).trace().tokens();
      assertThat(once).as("against %d tokens of one prompt", all).isLessThan(12L * all);
    }
  }

  private static long computed(Guard guard, int count) {
    GuardedStream stream = guard.stream(Conversation.user("Count, please: " + count));
    for (int i = 0; i < count; i++) {
      stream.push("w" + i + " ");
    }
    stream.finish();
    return stream.computedTokens();
  }
}
