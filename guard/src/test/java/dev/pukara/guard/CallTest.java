package dev.pukara.guard;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class CallTest {
  private static final PromptFormat FORMAT = PromptFormats.find("pukara-1");
  private static final Question QUESTION =
      Question.message(FORMAT, FORMAT.defaultPolicy(), Conversation.user("Hi"));

  /** Never answers. */
  private static final class Silent extends FakeBackEnd {
    final List<CompletableFuture<Reading>> answers = new ArrayList<>();
    final List<Duration> timeouts = new ArrayList<>();

    Silent() {
      super(1000, text -> 0);
    }

    @Override
    public CompletableFuture<Reading> ask(Question question, Duration timeout) {
      timeouts.add(timeout);
      answers.add(new CompletableFuture<>());
      return answers.getLast();
    }
  }

  private final Silent backEnd = new Silent();

  @Test
  void cancelDropsAllThatWasAskedAndAsksNoMore() {
    Call call = new Call(backEnd, Duration.ZERO);
    CompletableFuture<Reading> first = call.ask(QUESTION);
    call.ask(QUESTION);
    call.cancel();
    assertThat(first).isCancelled();
    assertThat(backEnd.answers).hasSize(2).allMatch(CompletableFuture::isCancelled);
    assertThat(call.ask(QUESTION)).isCancelled();
    assertThat(backEnd.answers).hasSize(2);
    assertThat(backEnd.timeouts).containsOnly(Duration.ZERO);
  }

  @Test
  void oneLimitForAllQuestions() throws InterruptedException {
    Call call = new Call(backEnd, Duration.ofHours(1));
    call.ask(QUESTION);
    Thread.sleep(2);
    call.ask(QUESTION);
    assertThat(backEnd.timeouts.getLast()).isPositive().isLessThan(backEnd.timeouts.getFirst());

    Call late = new Call(backEnd, Duration.ofNanos(1));
    late.ask(QUESTION);
    assertThat(backEnd.timeouts.getLast()).isEqualTo(Duration.ofNanos(1));
  }
}
