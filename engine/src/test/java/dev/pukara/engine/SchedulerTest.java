package dev.pukara.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class SchedulerTest {
  private static Sequence sequence(int tokens, int... branches) {
    List<int[]> list = new ArrayList<>();
    for (int length : branches) {
      list.add(new int[length]);
    }
    Request request = Request.of(new int[0], new int[tokens], 1, 2).withBranches(list);
    return new Sequence(request, new int[tokens], new CompletableFuture<>(), 0, Long.MAX_VALUE);
  }

  private static boolean admit(Sequence sequence) {
    sequence.admitted = true;
    return true;
  }

  @Test
  void emptyHasNothingToDo() {
    assertThat(new Scheduler(64).next(SchedulerTest::admit)).isEmpty();
  }

  @Test
  void oneSequenceTakesTheWholeStep() {
    Scheduler scheduler = new Scheduler(64);
    Sequence one = sequence(100);
    scheduler.add(one);
    List<Scheduler.Work> first = scheduler.next(SchedulerTest::admit);
    assertThat(first).containsExactly(new Scheduler.Work(one, 64, 0));
    assertThat(scheduler.complete(first)).isEmpty();
    List<Scheduler.Work> second = scheduler.next(SchedulerTest::admit);
    assertThat(second).containsExactly(new Scheduler.Work(one, 36, 0));
    assertThat(scheduler.complete(second)).containsExactly(one);
    assertThat(scheduler.size()).isZero();
  }

  @Test
  void shortOnesDoNotWaitForALongOne() {
    Scheduler scheduler = new Scheduler(128);
    Sequence large = sequence(10_000);
    Sequence little = sequence(30);
    scheduler.add(large);
    List<Scheduler.Work> alone = scheduler.next(SchedulerTest::admit);
    scheduler.complete(alone);
    scheduler.add(little);
    List<Scheduler.Work> step = scheduler.next(SchedulerTest::admit);
    assertThat(step).contains(new Scheduler.Work(little, 30, 0));
    assertThat(step.stream().mapToInt(Scheduler.Work::stemTokens).sum()).isEqualTo(128);
  }

  @Test
  void aLongOneEndsWhileShortOnesKeepComing() {
    Scheduler scheduler = new Scheduler(128);
    Sequence large = sequence(2_000);
    scheduler.add(large);
    int steps = 0;
    boolean ended = false;
    while (!ended) {
      for (int i = 0; i < 8; i++) {
        scheduler.add(sequence(30));
      }
      ended = scheduler.complete(scheduler.next(SchedulerTest::admit)).contains(large);
      assertThat(++steps).isLessThan(200);
    }
  }

  @Test
  void branchesRunWithTheEndOfTheStem() {
    Scheduler scheduler = new Scheduler(64);
    Sequence one = sequence(40, 4, 4, 4);
    scheduler.add(one);
    assertThat(scheduler.next(SchedulerTest::admit))
        .containsExactly(new Scheduler.Work(one, 40, 3));
  }

  @Test
  void branchesThatDoNotFitComeLater() {
    Scheduler scheduler = new Scheduler(64);
    Sequence one = sequence(60, 4, 4, 4);
    scheduler.add(one);
    List<Scheduler.Work> first = scheduler.next(SchedulerTest::admit);
    assertThat(first).containsExactly(new Scheduler.Work(one, 60, 1));
    assertThat(scheduler.complete(first)).isEmpty();
    List<Scheduler.Work> second = scheduler.next(SchedulerTest::admit);
    assertThat(second).containsExactly(new Scheduler.Work(one, 0, 2));
    assertThat(scheduler.complete(second)).containsExactly(one);
  }

  @Test
  void branchesDoNotWaitForStemsThatKeepComing() {
    Scheduler scheduler = new Scheduler(64);
    Sequence one = sequence(64, 4);
    scheduler.add(one);
    assertThat(scheduler.complete(scheduler.next(SchedulerTest::admit))).isEmpty();
    List.of(sequence(200), sequence(200)).forEach(scheduler::add);
    List<Scheduler.Work> step = scheduler.next(SchedulerTest::admit);
    assertThat(step).contains(new Scheduler.Work(one, 0, 1));
    assertThat(step.stream().mapToInt(Scheduler.Work::stemTokens).sum()).isEqualTo(60);
    assertThat(scheduler.complete(step)).containsExactly(one);
  }

  @Test
  void whoIsPostponedIsTheNextToBeAdmitted() {
    Scheduler scheduler = new Scheduler(64);
    Sequence first = sequence(40);
    Sequence second = sequence(40);
    List.of(first, second).forEach(scheduler::add);
    scheduler.next(SchedulerTest::admit);
    Sequence third = sequence(40);
    scheduler.add(third);
    assertThat(scheduler.postpone(first)).contains(second);
    assertThat(scheduler.postpone(first)).isEmpty();
    List<Sequence> asked = new ArrayList<>();
    scheduler.next(
        sequence -> {
          asked.add(sequence);
          return admit(sequence);
        });
    assertThat(asked).containsExactly(second, third);
  }

  @Test
  void cancelledAndLateOnesAreDropped() {
    Scheduler scheduler = new Scheduler(64);
    Sequence gone = sequence(10);
    Sequence late =
        new Sequence(
            Request.of(new int[0], new int[10], 1), new int[10], new CompletableFuture<>(), 0, 50);
    Sequence good = sequence(10);
    List.of(gone, late, good).forEach(scheduler::add);
    if (gone.reply != null) {
      gone.reply.cancel(false);
    }
    assertThat(scheduler.drop(100)).containsExactlyInAnyOrder(gone, late);
    assertThat(scheduler.next(SchedulerTest::admit))
        .containsExactly(new Scheduler.Work(good, 10, 0));
  }

  @Test
  void prefixGoesWithTheLastWhoWaitsForIt() {
    Scheduler scheduler = new Scheduler(64);
    Sequence prefix = Sequence.prefix(new int[10], 0);
    Sequence one = sequence(10);
    Sequence two = sequence(10);
    one.waitsFor = prefix;
    two.waitsFor = prefix;
    List.of(prefix, one, two).forEach(scheduler::add);
    one.failed = true;
    assertThat(scheduler.drop(0)).containsExactly(one);
    two.failed = true;
    assertThat(scheduler.drop(0)).containsExactly(two, prefix);
    assertThat(scheduler.size()).isZero();
  }

  @Test
  void whatIsNotAdmittedWaits() {
    Scheduler scheduler = new Scheduler(64);
    Sequence one = sequence(10);
    scheduler.add(one);
    assertThat(scheduler.next(sequence -> false)).isEmpty();
    assertThat(scheduler.size()).isEqualTo(1);
    assertThat(scheduler.next(SchedulerTest::admit)).hasSize(1);
  }
}
