package dev.pukara.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.kernels.Preparation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When preparations are made, and when not. */
@Timeout(30)
class AheadTest {
  private static final Duration AT_ONCE = Duration.ZERO;

  private final List<String> made = Collections.synchronizedList(new ArrayList<>());

  /** Notes that it was made. */
  private Preparation noting(String name, boolean isNew) {
    return preparation(
        () -> {
          made.add(name);
          return isNew;
        });
  }

  private Preparation noting(String name) {
    return noting(name, true);
  }

  private static Preparation preparation(BooleanSupplier make) {
    return new Preparation() {
      @Override
      public int rows() {
        return 1;
      }

      @Override
      public boolean make() {
        return make.getAsBoolean();
      }
    };
  }

  /** Says when it is begun and ends when it is let. */
  private Preparation slow(CountDownLatch begun, CountDownLatch end) {
    return preparation(
        () -> {
          begun.countDown();
          await(end);
          made.add("slow");
          return true;
        });
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void until(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      LockSupport.parkNanos(50_000);
    }
  }

  @Test
  void makesOneAfterTheOther() {
    try (Ahead ahead = new Ahead(AT_ONCE, 10)) {
      ahead.add(() -> List.of(noting("a"), noting("b")));
      ahead.add(() -> List.of(noting("c")));
      until(() -> ahead.left() == 0);
      assertThat(made).containsExactlyInAnyOrder("a", "b", "c").containsSubsequence("a", "b");
      ahead.add(() -> List.of(noting("later")));
      until(() -> ahead.left() == 0);
      assertThat(made).endsWith("later");
    }
  }

  @Test
  void waitsWhileARequestIsInFlight() {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    try (Ahead ahead = new Ahead(AT_ONCE, 10)) {
      ahead.add(() -> List.of(slow(begun, end), noting("next")));
      await(begun);
      ahead.pause();
      end.countDown();
      until(() -> ahead.left() == 1); // the slow one has ended, the next has not begun
      made.add("answer");
      ahead.resume();
      until(() -> ahead.left() == 0);
      assertThat(made).containsExactly("slow", "answer", "next");
    }
  }

  /** A program that checks one text and ends pays nothing, not even for the plan. */
  @Test
  void doesNothingBeforeItIsQuiet() {
    try (Ahead ahead = new Ahead(Duration.ofHours(1), 10)) {
      ahead.add(() -> List.of(noting("a")));
      ahead.pause();
      ahead.resume();
      assertThat(ahead.left()).isEqualTo(1);
    }
    assertThat(made).isEmpty();
  }

  @Test
  void makesNoMoreThanTheLimit() {
    try (Ahead ahead = new Ahead(AT_ONCE, 2)) {
      ahead.add(
          () -> List.of(noting("a"), noting("there", false), noting("b"), noting("too many")));
      until(() -> ahead.left() == 0);
    }
    assertThat(made).containsExactly("a", "there", "b");
  }

  @Test
  void engineThatIsNeverIdleDoesNotCollectPlans() {
    try (Ahead ahead = new Ahead(Duration.ofHours(1), 10)) {
      for (int i = 0; i < Ahead.TASKS_MAX + 5; i++) {
        ahead.add(() -> List.of(noting("a")));
      }
      assertThat(ahead.left()).isEqualTo(Ahead.TASKS_MAX);
    }
  }

  @Test
  void limitOfNoneMeansNoThread() {
    try (Ahead ahead = new Ahead(AT_ONCE, 0)) {
      ahead.add(() -> List.of(noting("a")));
      assertThat(ahead.left()).isZero();
    }
    assertThat(made).isEmpty();
  }

  @Test
  void failureEndsOnlyItself() {
    try (Ahead ahead = new Ahead(AT_ONCE, 10)) {
      ahead.add(
          () -> {
            throw new IllegalStateException("no plan");
          });
      ahead.add(
          () ->
              List.of(
                  preparation(
                      () -> {
                        throw new IllegalStateException("only the slow implementation");
                      }),
                  noting("a")));
      until(() -> ahead.left() == 0);
    }
    assertThat(made).containsExactly("a");
  }

  @Test
  void closeWaitsForWhatIsBeingMadeAndLeavesTheRest() throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    Ahead ahead = new Ahead(AT_ONCE, 10);
    ahead.add(() -> List.of(slow(begun, end), noting("rest")));
    await(begun);
    Thread closing = Thread.ofPlatform().start(ahead::close);
    until(() -> closing.getState() == Thread.State.WAITING);
    assertThat(made).isEmpty();
    end.countDown();
    closing.join();
    assertThat(made).containsExactly("slow");
  }
}
