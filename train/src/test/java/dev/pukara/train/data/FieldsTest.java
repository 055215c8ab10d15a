package dev.pukara.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Recipes that extend other recipes. */
class FieldsTest {
  @TempDir private Path folder;

  private Path file(String name, String yaml) throws IOException {
    return Files.writeString(folder.resolve(name), yaml);
  }

  @Test
  void takesWhatItLeavesOpenFromTheOther() throws IOException {
    file(
        "first.yaml",
        "steps: 100\nseed: 1\nrows:\n  questions: 2\n  sources: {a: {weight: 3, use: true}, b: {weight: 1}}\n");
    file(
        "second.yaml",
        "extends: first.yaml\nseed: 2\nrows: {sources: {a: {weight: 5}, c: {weight: 7}}}\n");
    Fields third =
        Fields.read(
            file("third.yaml", "extends: second.yaml\nsteps: 7\nrows: {sources: {b: null}}\n"));

    assertThat(third.names()).containsExactly("steps", "seed", "rows");
    assertThat(third.integer("steps", 1, 1000, 0)).isEqualTo(7);
    assertThat(third.integer("seed", 1, 1000, 0)).isEqualTo(2);
    Fields rows = third.map("rows").orElseThrow();
    assertThat(rows.integer("questions", 0, 10, 0)).isEqualTo(2);
    Fields sources = rows.map("sources").orElseThrow();
    assertThat(sources.names()).containsExactly("a", "c");
    assertThat(sources.map("a").orElseThrow().integer("weight", 0, 10, 0)).isEqualTo(5);
    assertThat(sources.map("a").orElseThrow().flag("use", false)).isTrue();
    assertThatThrownBy(() -> third.integer("steps", 100, 1000, 0))
        .hasMessageContaining("third.yaml or a file that it extends: steps is 7");
  }

  @Test
  void listsAndPlainValuesAreReplacedWhole() throws IOException {
    file("first.yaml", "policy: [one, two]\nexport: {type: Q4_0}\n");
    Fields second =
        Fields.read(file("second.yaml", "extends: first.yaml\npolicy: three\nexport: Q8_0\n"));
    assertThat(second.texts("policy")).containsExactly("three");
    assertThat(second.isMap("export")).isFalse();
  }

  @Test
  void refusesWhatIsMissingOrTurnsInACircle() throws IOException {
    Path lost = file("lost.yaml", "extends: gone.yaml\n");
    assertThatThrownBy(() -> Fields.read(lost))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("gone.yaml: no such file")
        .hasMessageContaining("lost.yaml");

    Path circle = file("a.yaml", "extends: b.yaml\n");
    file("b.yaml", "extends: a.yaml\n");
    assertThatThrownBy(() -> Fields.read(circle))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("extends itself");

    Path list = file("list.yaml", "extends: [a.yaml, b.yaml]\n");
    assertThatThrownBy(() -> Fields.read(list))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("list.yaml: extends");
  }
}
