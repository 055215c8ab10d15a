package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class WorkersTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7})
  void everyMemberRunsItsPartOnceInEveryLoop(int members) {
    try (Workers workers = new Workers(members)) {
      assertThat(workers.members()).isEqualTo(members);
      AtomicIntegerArray runs = new AtomicIntegerArray(members);
      for (int loop = 1; loop <= 500; loop++) {
        workers.run(
            (member, of) -> {
              assertThat(of).isEqualTo(members);
              runs.incrementAndGet(member);
            });
        for (int member = 0; member < members; member++) {
          assertThat(runs.get(member)).isEqualTo(loop);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7})
  void splitCoversTheRangeOnceInMultiplesOfTheGrain(int members) {
    try (Workers workers = new Workers(members)) {
      for (int count : new int[] {0, 1, 2, 3, 7, 8, 9, 64, 1001}) {
        for (int grain : new int[] {1, 4, 16}) {
          AtomicIntegerArray seen = new AtomicIntegerArray(count);
          workers.split(
              count,
              grain,
              (from, to) -> {
                assertThat(from % grain).isZero();
                assertThat(to).isGreaterThan(from);
                IntStream.range(from, to).forEach(seen::incrementAndGet);
              });
          IntStream.range(0, count).forEach(i -> assertThat(seen.get(i)).isOne());
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7})
  void portionsCoverTheRangeOnceAndKeepToTheirMember(int members) {
    try (Workers workers = new Workers(members)) {
      for (int count : new int[] {0, 1, 2, 3, 7, 64, 1001}) {
        AtomicIntegerArray seen = new AtomicIntegerArray(count);
        AtomicIntegerArray inside = new AtomicIntegerArray(members);
        workers.share(
            count,
            (member, from, to) -> {
              assertThat(inside.incrementAndGet(member)).isOne();
              IntStream.range(from, to).forEach(seen::incrementAndGet);
              inside.decrementAndGet(member);
            });
        IntStream.range(0, count).forEach(i -> assertThat(seen.get(i)).isOne());
      }
    }
  }

  @Test
  void everyPartRunsOnceHoweverLateAMemberWakes() throws InterruptedException {
    try (Workers workers = new Workers(2)) {
      AtomicInteger runs = new AtomicInteger();
      for (int loop = 0; loop < 2_000; loop++) { // far shorter than waking a member takes
        workers.run((member, members) -> runs.incrementAndGet());
        if (loop % 100 == 0) {
          Thread.sleep(2); // the member falls asleep
        }
      }
      assertThat(runs).hasValue(4_000);
    }
  }

  @Test
  void sumsInParallelSeeWhatTheCallerWrote() {
    try (Workers workers = new Workers(4)) {
      long[] values = new long[10_000];
      for (int loop = 0; loop < 200; loop++) {
        for (int i = 0; i < values.length; i++) {
          values[i] = (long) i * loop;
        }
        LongAdder sum = new LongAdder();
        workers.split(
            values.length,
            1,
            (from, to) -> {
              long part = 0;
              for (int i = from; i < to; i++) {
                part += values[i];
              }
              sum.add(part);
            });
        assertThat(sum.sum()).isEqualTo(loop * (9_999L * 10_000 / 2));
      }
    }
  }

  @Test
  void wakesParkedMembers() throws InterruptedException {
    try (Workers workers = new Workers(3)) {
      AtomicInteger runs = new AtomicInteger();
      for (int loop = 0; loop < 5; loop++) {
        workers.run((member, members) -> runs.incrementAndGet());
        Thread.sleep(30); // much longer than they spin
      }
      assertThat(runs).hasValue(15);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void aFailureReachesTheCallerAfterAllAreDoneAndTheTeamGoesOn(int failing) {
    try (Workers workers = new Workers(3)) {
      AtomicInteger others = new AtomicInteger();
      assertThatThrownBy(
              () ->
                  workers.run(
                      (member, members) -> {
                        if (member == failing) {
                          throw new IllegalArgumentException("member " + member);
                        }
                        others.incrementAndGet();
                      }))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("member " + failing);
      assertThat(others).hasValue(2);
      workers.run((member, members) -> others.incrementAndGet());
      assertThat(others).hasValue(5);
    }
  }

  @Test
  void errorsArePassedOnAsTheyAre() {
    try (Workers workers = new Workers(2)) {
      assertThatThrownBy(
              () ->
                  workers.run(
                      (member, members) -> {
                        if (member == 1) {
                          throw new StackOverflowError("deep");
                        }
                      }))
          .isInstanceOf(StackOverflowError.class);
    }
  }

  @Test
  void refusesASecondCaller() throws InterruptedException {
    try (Workers workers = new Workers(2)) {
      CountDownLatch running = new CountDownLatch(1);
      CountDownLatch finish = new CountDownLatch(1);
      Thread first =
          Thread.ofPlatform()
              .start(
                  () ->
                      workers.run(
                          (member, members) -> {
                            running.countDown();
                            await(finish);
                          }));
      await(running);
      assertThatThrownBy(() -> workers.run((member, members) -> {}))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("two threads at once");
      finish.countDown();
      first.join();
    }
  }

  @Test
  void afterCloseThereIsNoTeam() throws InterruptedException {
    Workers workers = new Workers(3);
    Thread[] seen = new Thread[3];
    CountDownLatch allAwake = new CountDownLatch(3);
    workers.run(
        (member, members) -> {
          allAwake.countDown();
          await(allAwake);
          seen[member] = Thread.currentThread();
        });
    workers.close();
    for (int member = 1; member < 3; member++) {
      seen[member].join(10_000);
      assertThat(seen[member].isAlive()).isFalse();
    }
    assertThatThrownBy(() -> workers.run((member, members) -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void refusesAnEmptyTeam() {
    assertThatThrownBy(() -> new Workers(0)).isInstanceOf(IllegalArgumentException.class);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
