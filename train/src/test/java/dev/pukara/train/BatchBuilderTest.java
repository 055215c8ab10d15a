package dev.pukara.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BatchBuilderTest {
  @Test
  void laysRunsOutDepthFirst() {
    BatchBuilder builder = new BatchBuilder();
    int policy = builder.add(BatchBuilder.ROOT, new int[] {1, 2, 3});
    int first = builder.add(policy, new int[] {4, 5});
    int second = builder.add(policy, new int[] {6});
    int tail = builder.add(first, new int[] {7, 8});
    builder.target(tail, 1, new int[] {10, 11}, 1, 1f);
    builder.target(second, 0, new int[0], 12, 2f);
    TrainBatch batch = builder.build(64);
    assertThat(builder.rows()).isEqualTo(8);
    assertThat(batch.tokens()).startsWith(1, 2, 3, 4, 5, 7, 8, 6, 0).hasSize(64);
    int[] positions = {0, 1, 2, 3, 4, 5, 6, 3, 0};
    int[] seenUntil = {8, 8, 8, 7, 7, 7, 7, 8, 9};
    for (int i = 0; i < positions.length; i++) {
      assertThat(batch.tree().position(i)).as("position %d", i).isEqualTo(positions[i]);
      assertThat(batch.tree().seenUntil(i)).as("interval %d", i).isEqualTo(seenUntil[i]);
    }
    assertThat(batch.targets().get(0).row()).isEqualTo(6);
    assertThat(batch.targets().get(1).row()).isEqualTo(7);
  }

  @Test
  void refusesWhatIsNoTree() {
    BatchBuilder builder = new BatchBuilder();
    assertThatThrownBy(() -> builder.add(0, new int[] {1}))
        .hasMessage("1 tokens behind run 0 of 0; expected at least one, behind a run or ROOT");
    int run = builder.add(BatchBuilder.ROOT, new int[] {1});
    assertThatThrownBy(() -> builder.target(run, 1, new int[0], 0, 1f))
        .hasMessage("target behind token 1 of run 0 of 1");
    assertThatThrownBy(() -> builder.build(64))
        .hasMessage("batch of 64 rows: 64 tokens, 0 targets");
    assertThatThrownBy(() -> builder.build(100)).hasMessageContaining("a multiple of 64");
  }
}
