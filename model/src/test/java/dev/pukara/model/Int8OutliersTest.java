package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class Int8OutliersTest {
  @Test
  void oneScalePerTokenIsNeverMuchWorseThanOneForAll() throws IOException {
    try (Kernels kernels = Kernels.best();
        ModelFile file = ModelFile.open(Golden.path("gqa4-tied"))) {
      assumeThat(kernels.precisions()).contains(Precision.INT8);
      List<Int8Outliers.Figures> figures =
          Int8Outliers.measure(file, kernels, List.of(new int[] {1, 2, 3, 4}, new int[] {5, 6}));
      assertThat(figures)
          .extracting(Int8Outliers.Figures::kind)
          .containsExactly(LinearKind.values());
      for (Int8Outliers.Figures each : figures) {
        assertThat(each.restError()).isBetween(1e-4, 0.03);
        assertThat(each.restWorst()).isBetween(each.restError(), each.restOneScale() * 1.1);
        assertThat(each.firstPeak()).isGreaterThan(1);
      }
    }
  }

  @Test
  void wantsMoreThanAFirstToken() throws IOException {
    try (Kernels kernels = Kernels.named("scalar");
        ModelFile file = ModelFile.open(Golden.path("gqa4-tied"))) {
      assertThatThrownBy(() -> Int8Outliers.measure(file, kernels, List.of(new int[] {1})))
          .hasMessageContaining("two tokens");
    }
  }

  @Test
  void theFirstTokenOfARealModelDoesNotBreakTheOthers() throws IOException {
    String path = System.getenv("PUKARA_BASE_MODEL");
    assumeThat(path).as("PUKARA_BASE_MODEL names SmolLM2-135M-Instruct.Q4_1.gguf").isNotBlank();
    try (Kernels kernels = Kernels.best();
        ModelFile file = ModelFile.open(Path.of(path))) {
      assumeThat(kernels.precisions()).contains(Precision.INT8);
      int[] text = Tokenizer.of(file.tokenizer()).encode("The library opens at nine on weekdays.");
      List<Int8Outliers.Figures> figures = Int8Outliers.measure(file, kernels, List.of(text));
      for (Int8Outliers.Figures each : figures) {
        assertThat(each.restWorst()).as("%s", each).isLessThan(0.1);
      }
      // There the first token is hundreds of times greater: one scale would leave nothing.
      Int8Outliers.Figures down = figures.get(LinearKind.DOWN.ordinal());
      assertThat(down.firstToRest()).isGreaterThan(100);
      assertThat(down.restOneScale()).isGreaterThan(0.5);
    }
  }
}
