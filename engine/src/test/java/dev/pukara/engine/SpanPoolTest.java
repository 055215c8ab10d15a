package dev.pukara.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.kernels.KvSpan;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SpanPoolTest {
  private static final int HEADS = 1;
  private static final int SIZE = 32;

  private static SpanPool pool(int tokens) {
    return new SpanPool(
        bytes(tokens),
        SpanPoolTest::bytes,
        (arena, capacity) -> KvSpan.allocate(arena, 1, HEADS, SIZE, capacity));
  }

  private static long bytes(int tokens) {
    return KvSpan.bytes(1, HEADS, SIZE, tokens);
  }

  @Test
  void neverMoreThanTheBudget() {
    Random random = new Random(20261127);
    long budget = bytes(1024);
    List<KvSpan> taken = new ArrayList<>();
    int refused = 0;
    try (SpanPool pool = pool(1024)) {
      for (int i = 0; i < 2_000; i++) {
        if (random.nextInt(3) == 0 && !taken.isEmpty()) {
          pool.give(taken.remove(random.nextInt(taken.size())));
        } else {
          int tokens = 1 + random.nextInt(200);
          KvSpan span = pool.take(tokens);
          if (span == null) {
            refused++;
          } else {
            assertThat(span.capacity()).isGreaterThanOrEqualTo(tokens);
            taken.add(span);
          }
        }
        long used = taken.stream().mapToLong(span -> bytes(span.capacity())).sum();
        assertThat(pool.usedBytes()).isEqualTo(used);
        assertThat(pool.reservedBytes()).isBetween(used, budget);
      }
      assertThat(refused).isPositive();
    }
  }

  @Test
  void aSpanThatCannotBeMadeLeavesNothingBehind() {
    List<Arena> arenas = new ArrayList<>();
    SpanPool.Maker failsOnce =
        (arena, capacity) -> {
          arenas.add(arena);
          KvSpan span = KvSpan.allocate(arena, 1, HEADS, SIZE, capacity);
          if (arenas.size() == 1) {
            throw new OutOfMemoryError("as if only a part had been there");
          }
          return span;
        };
    try (SpanPool pool = new SpanPool(bytes(64), SpanPoolTest::bytes, failsOnce)) {
      assertThatThrownBy(() -> pool.take(64)).isInstanceOf(OutOfMemoryError.class);
      assertThat(arenas.getFirst().scope().isAlive()).isFalse();
      assertThat(pool.reservedBytes()).isZero();
      assertThat(pool.take(64)).isNotNull();
    }
  }

  @Test
  void spansAreUsedAgain() {
    try (SpanPool pool = pool(64)) {
      KvSpan first = Objects.requireNonNull(pool.take(40));
      assertThat(pool.take(40)).isNull();
      pool.give(first);
      assertThat(pool.take(50)).isSameAs(first);
      assertThat(pool.fits(64)).isTrue();
      assertThat(pool.fits(65)).isFalse();
      pool.give(first);
      assertThatThrownBy(() -> pool.give(first)).isInstanceOf(IllegalStateException.class);
    }
  }
}
