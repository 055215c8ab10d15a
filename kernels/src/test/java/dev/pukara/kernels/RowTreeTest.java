package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;

class RowTreeTest {
  @Test
  void tilesHoldWhatIsSeenAndNothingElse() {
    for (int seed = 0; seed < 20; seed++) {
      RowTree tree = Trees.random(new Random(seed), 6);
      for (int query = 0; query < tree.tiles(); query++) {
        int column = 0;
        boolean[] listed = new boolean[tree.tiles()];
        for (RowTree.Run run : tree.runs(query)) {
          assertThat(run.column()).as("seed %d", seed).isEqualTo(column);
          column += run.rows();
          for (int key = run.firstTile(); key < run.firstTile() + run.tiles(); key++) {
            listed[key] = true;
          }
        }
        assertThat(tree.keys(query)).isEqualTo(column);
        for (int key = 0; key < tree.tiles(); key++) {
          int seen = seen(tree, query, key);
          assertThat(listed[key]).as("seed %d, tile %d, %d", seed, query, key).isEqualTo(seen > 0);
          if (key <= query) {
            assertThat(tree.whole(query, key)).isEqualTo(seen == RowTree.TILE * RowTree.TILE);
          }
        }
      }
    }
  }

  private static int seen(RowTree tree, int query, int key) {
    int seen = 0;
    for (int i = 0; i < RowTree.TILE; i++) {
      for (int j = 0; j < RowTree.TILE; j++) {
        seen += tree.sees(query * RowTree.TILE + i, key * RowTree.TILE + j) ? 1 : 0;
      }
    }
    return seen;
  }

  @Test
  void whatCannotBeIsRefused() {
    int[] rows = new int[RowTree.TILE];
    assertThatThrownBy(() -> new RowTree(rows, rows))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("row 0 of 64: position 0, seen until 0");
    assertThatThrownBy(() -> new RowTree(new int[3], new int[3]))
        .hasMessageContaining("expected the same multiple of 64");
  }
}
