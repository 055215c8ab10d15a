package dev.pukara.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PrefixCacheTest {
  private final List<String> freed = new ArrayList<>();
  private final PrefixCache<String> cache = new PrefixCache<>(freed::add);

  private boolean put(String span, boolean preferred, int... sequence) {
    PrefixCache.Match<String> match = cache.match(sequence, sequence.length);
    int[] run = Arrays.copyOfRange(sequence, match.tokens(), sequence.length);
    boolean kept = run.length > 0 && cache.insert(match, run, span, preferred);
    cache.release(match);
    return kept;
  }

  private List<PrefixCache.Used<String>> parts(int... sequence) {
    PrefixCache.Match<String> match = cache.match(sequence, sequence.length);
    cache.release(match);
    return match.parts();
  }

  @Test
  void emptyMatchesNothing() {
    assertThat(parts(1, 2, 3)).isEmpty();
  }

  @Test
  void growingConversationReusesItsTurns() {
    put("a", false, 1, 2, 3);
    put("b", false, 1, 2, 3, 4, 5);
    assertThat(parts(1, 2, 3, 4, 9))
        .containsExactly(new PrefixCache.Used<>("a", 3), new PrefixCache.Used<>("b", 1));
    assertThat(cache.tokens()).isEqualTo(5);
  }

  @Test
  void divergingInTheMiddleUsesTheStart() {
    put("a", false, 1, 2, 3, 4);
    put("b", false, 1, 2, 8, 9);
    assertThat(parts(1, 2, 8, 9, 10))
        .containsExactly(new PrefixCache.Used<>("a", 2), new PrefixCache.Used<>("b", 2));
    assertThat(parts(1, 2, 3, 4)).containsExactly(new PrefixCache.Used<>("a", 4));
  }

  @Test
  void theSameRunIsNotKeptTwice() {
    assertThat(put("a", false, 1, 2)).isTrue();
    PrefixCache.Match<String> match = cache.match(new int[] {1, 2}, 1);
    assertThat(cache.insert(match, new int[] {2}, "b", false)).isFalse();
    cache.release(match);
    assertThat(cache.nodes()).isEqualTo(1);
  }

  @Test
  void evictsTheOldestLeafAndPolicyLast() {
    put("policy", true, 1, 2);
    put("old", false, 1, 2, 3);
    put("new", false, 1, 2, 4);
    parts(1, 2, 3);
    assertThat(cache.evictOne()).isTrue();
    assertThat(freed).containsExactly("new");
    cache.evictOne();
    cache.evictOne();
    assertThat(freed).containsExactly("new", "old", "policy");
    assertThat(cache.evictOne()).isFalse();
    assertThat(cache.tokens()).isZero();
  }

  @Test
  void pinnedRunsStay() {
    put("a", false, 1, 2);
    PrefixCache.Match<String> match = cache.match(new int[] {1, 2, 3}, 3);
    assertThat(cache.evictOne()).isFalse();
    cache.release(match);
    assertThat(cache.evictOne()).isTrue();
  }

  @Test
  void accountingIsExactUnderRandomArrivals() {
    long seed = 20261124;
    Random random = new Random(seed);
    List<PrefixCache.Match<String>> held = new ArrayList<>();
    int kept = 0;
    for (int i = 0; i < 5_000; i++) {
      int[] sequence = random.ints(1 + random.nextInt(12), 0, 3).toArray();
      PrefixCache.Match<String> match = cache.match(sequence, sequence.length);
      int[] cached = Arrays.copyOf(sequence, match.tokens());
      assertThat(match.parts().stream().mapToInt(PrefixCache.Used::tokens).sum())
          .as("seed %d, step %d", seed, i)
          .isEqualTo(cached.length);
      int[] run = Arrays.copyOfRange(sequence, match.tokens(), sequence.length);
      if (run.length > 0 && cache.insert(match, run, "s" + i, random.nextInt(4) == 0)) {
        kept++;
      }
      held.add(match);
      if (held.size() > 5) {
        cache.release(held.remove(random.nextInt(held.size())));
      }
      if (cache.nodes() > 40) {
        cache.evictOne();
      }
      assertThat(kept - freed.size()).as("seed %d, step %d", seed, i).isEqualTo(cache.nodes());
    }
    held.forEach(cache::release);
    while (cache.evictOne()) {}
    assertThat(cache.nodes()).isZero();
    assertThat(cache.tokens()).isZero();
    assertThat(freed).hasSize(kept).doesNotHaveDuplicates();
  }
}
