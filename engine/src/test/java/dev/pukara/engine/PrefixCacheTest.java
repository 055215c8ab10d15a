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

  private boolean put(String span, int policy, int... sequence) {
    PrefixCache.Match<String> match = cache.match(sequence, policy, sequence.length);
    int[] run = Arrays.copyOfRange(sequence, match.tokens(), sequence.length);
    boolean kept = run.length > 0 && cache.insert(match, run, span);
    cache.release(match);
    return kept;
  }

  private List<PrefixCache.Used<String>> parts(int policy, int... sequence) {
    PrefixCache.Match<String> match = cache.match(sequence, policy, sequence.length);
    cache.release(match);
    return match.parts();
  }

  @Test
  void emptyMatchesNothing() {
    assertThat(parts(0, 1, 2, 3)).isEmpty();
  }

  @Test
  void growingConversationReusesItsTurns() {
    put("a", 0, 1, 2, 3);
    put("b", 0, 1, 2, 3, 4, 5);
    assertThat(parts(0, 1, 2, 3, 4, 9))
        .containsExactly(new PrefixCache.Used<>("a", 3), new PrefixCache.Used<>("b", 1));
    assertThat(cache.tokens()).isEqualTo(5);
  }

  @Test
  void divergingInTheMiddleUsesTheStart() {
    put("a", 0, 1, 2, 3, 4);
    put("b", 0, 1, 2, 8, 9);
    assertThat(parts(0, 1, 2, 8, 9, 10))
        .containsExactly(new PrefixCache.Used<>("a", 2), new PrefixCache.Used<>("b", 2));
    assertThat(parts(0, 1, 2, 3, 4)).containsExactly(new PrefixCache.Used<>("a", 4));
  }

  @Test
  void theSameRunIsNotKeptTwice() {
    assertThat(put("a", 0, 1, 2)).isTrue();
    PrefixCache.Match<String> match = cache.match(new int[] {1, 2}, 0, 1);
    assertThat(cache.insert(match, new int[] {2}, "b")).isFalse();
    cache.release(match);
    assertThat(cache.nodes()).isEqualTo(1);
  }

  @Test
  void policyIsOnePieceWhateverOtherBeginsLikeIt() {
    cache.addPolicy(new int[] {1, 2, 3}, "one");
    PrefixCache.Match<String> beginning = cache.matchBeginning(new int[] {1, 2, 8, 9}, 3);
    assertThat(beginning.parts()).containsExactly(new PrefixCache.Used<>("one", 2));
    cache.release(beginning);
    assertThat(parts(4, 1, 2, 8, 9, 5)).isEmpty();
    assertThat(cache.addPolicy(new int[] {1, 2, 8, 9}, "two")).isTrue();
    assertThat(cache.addPolicy(new int[] {1, 2, 8, 9}, "three")).isFalse();
    put("text", 4, 1, 2, 8, 9, 5, 6);
    assertThat(parts(4, 1, 2, 8, 9, 5))
        .containsExactly(new PrefixCache.Used<>("two", 4), new PrefixCache.Used<>("text", 1));
    assertThat(parts(3, 1, 2, 3, 5)).containsExactly(new PrefixCache.Used<>("one", 3));
    assertThat(parts(0, 1, 2, 3, 5)).isEmpty();
  }

  /** Who finds no room with a beginning in use must be able to let it go. */
  @Test
  void beginningOfNoTokensKeepsNothing() {
    cache.addPolicy(new int[] {1, 2, 3}, "one");
    PrefixCache.Match<String> nothing = cache.matchBeginning(new int[] {1, 2, 8}, 0);
    assertThat(nothing.parts()).isEmpty();
    assertThat(cache.evictOne()).isTrue();
    cache.release(nothing);
  }

  @Test
  void lastTokenOfAPolicyCanBeLeftOut() {
    cache.addPolicy(new int[] {1, 2, 3}, "one");
    PrefixCache.Match<String> match = cache.match(new int[] {1, 2, 3}, 3, 2);
    assertThat(match.parts()).containsExactly(new PrefixCache.Used<>("one", 2));
    cache.release(match);
  }

  @Test
  void evictsTheOldestLeafAndPoliciesLast() {
    cache.addPolicy(new int[] {1, 2}, "policy");
    cache.addPolicy(new int[] {1, 2, 3}, "other");
    put("old", 2, 1, 2, 3);
    put("new", 2, 1, 2, 4);
    parts(2, 1, 2, 3);
    while (cache.evictOne()) {}
    assertThat(freed).containsExactly("new", "old", "other", "policy");
    assertThat(cache.tokens()).isZero();
  }

  @Test
  void pinnedRunsStay() {
    put("a", 0, 1, 2);
    PrefixCache.Match<String> match = cache.match(new int[] {1, 2, 3}, 0, 3);
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
      int policy = random.nextInt(4) == 0 ? Math.min(3, sequence.length) : 0;
      if (policy > 0 && cache.addPolicy(Arrays.copyOf(sequence, policy), "p" + i)) {
        kept++;
      }
      PrefixCache.Match<String> match = cache.match(sequence, policy, sequence.length);
      int[] cached = Arrays.copyOf(sequence, match.tokens());
      assertThat(match.parts().stream().mapToInt(PrefixCache.Used::tokens).sum())
          .as("seed %d, step %d", seed, i)
          .isEqualTo(cached.length);
      int[] run = Arrays.copyOfRange(sequence, match.tokens(), sequence.length);
      if (run.length > 0 && cache.insert(match, run, "s" + i)) {
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
