package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.assertj.core.data.Offset.offset;

import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.KernelsException;
import dev.pukara.kernels.KvSpan;
import dev.pukara.kernels.Precision;
import dev.pukara.kernels.Slice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The forward pass against transformers: all logits of all positions. Remade by
 * scripts/make_tiny_models.py.
 */
class LlamaGoldenTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final float TOLERANCE = 2e-3f;

  /** A golden file: input and the logits {@code (tokens, vocabulary)}. */
  private record Golden(int[] tokens, float[][] logits) {
    static Golden read(Path path) throws IOException {
      ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
      int[] tokens = new int[in.getInt()];
      float[][] logits = new float[tokens.length][in.getInt()];
      in.asIntBuffer().get(tokens);
      in.position(in.position() + 4 * tokens.length);
      for (float[] row : logits) {
        in.asFloatBuffer().get(row);
        in.position(in.position() + 4 * row.length);
      }
      return new Golden(tokens, logits);
    }
  }

  static Stream<String[]> models() throws IOException {
    try (Stream<Path> files = Files.list(GOLDEN)) {
      return files
          .map(path -> path.getFileName().toString())
          .filter(name -> name.endsWith(".logits.bin"))
          .map(name -> name.substring(0, name.length() - ".logits.bin".length()))
          .sorted()
          .flatMap(LlamaGoldenTest::filesOf)
          .toList()
          .stream();
    }
  }

  /** All kernels that run here. */
  private static List<String> kernels() {
    return Stream.of("scalar", "vector", "onednn").filter(LlamaGoldenTest::runs).toList();
  }

  private static boolean runs(String name) {
    try {
      Kernels.named(name).close();
      return true;
    } catch (KernelsException e) {
      return false;
    }
  }

  /** The model files that a golden file speaks of. */
  private static Stream<String[]> filesOf(String name) {
    if (name.contains(".")) {
      return Stream.<String[]>of(new String[] {name, name + ".gguf"});
    }
    String type = name.startsWith("mha") ? "F32" : name.startsWith("gqa2") ? "BF16" : "F16";
    return Stream.of(new String[] {name, name}, new String[] {name, name + "." + type + ".gguf"});
  }

  @ParameterizedTest(name = "{0} by {1}")
  @MethodSource("models")
  void logitsOfAllPositions(String golden, String model) throws IOException {
    Golden expected = Golden.read(GOLDEN.resolve(golden + ".logits.bin"));
    for (String kernels : kernels()) {
      float[][] actual = logits(GOLDEN.resolve(model), kernels, expected.tokens());
      for (int i = 0; i < actual.length; i++) {
        assertThat(actual[i])
            .as("%s, position %d, %s", model, i, kernels)
            .containsExactly(expected.logits()[i], offset(TOLERANCE));
        assertThat(best(actual[i])).isEqualTo(best(expected.logits()[i]));
      }
    }
  }

  /** The memory for what is read grows in rows and in tokens, one after the other. */
  @Test
  void logitsDoNotDependOnWhatWasReadBefore() throws IOException {
    String[] model = models().findFirst().orElseThrow();
    int[] tokens = Golden.read(GOLDEN.resolve(model[0] + ".logits.bin")).tokens();
    float[][] all = logits(GOLDEN.resolve(model[1]), "scalar", tokens);
    int[] rows = IntStream.range(0, tokens.length).toArray();
    try (Kernels kernels = Kernels.named("scalar");
        ModelFile file = ModelFile.open(GOLDEN.resolve(model[1]));
        Llama llama = new Llama(file, kernels, Precision.F32, tokens.length);
        Llama.Head few = llama.head(new int[] {5, 2});
        Llama.Head full = llama.fullHead();
        Arena arena = Arena.ofShared()) {
      KvSpan span = llama.span(arena, tokens.length);
      llama.forward(tokens, List.of(new Slice(0, tokens.length, List.of(), span, 0)));
      for (int repeat = 0; repeat < 2; repeat++) {
        assertThat(llama.logits(new int[] {1}, few)[0]).containsExactly(all[1][5], all[1][2]);
        assertThat(llama.logits(new int[] {1}, full)[0]).containsExactly(all[1]);
        float[][] pairs = llama.logits(rows, few);
        for (int row : rows) {
          assertThat(pairs[row]).containsExactly(all[row][5], all[row][2]);
        }
        assertThat(llama.logits(rows, full)).isDeepEqualTo(all);
      }
    }
  }

  @Test
  void realBaseModel() throws IOException {
    String path = System.getenv("PUKARA_BASE_MODEL");
    assumeThat(path).as("PUKARA_BASE_MODEL names SmolLM2-135M-Instruct.Q4_1.gguf").isNotBlank();
    JsonNode root = new JsonMapper().readTree(Files.readString(GOLDEN.resolve("base_logits.json")));
    for (JsonNode golden : root.get("cases")) {
      int[] tokens = new JsonMapper().treeToValue(golden.get("tokens"), int[].class);
      float[][] actual = logits(Path.of(path), "scalar", tokens);
      JsonNode top = golden.get("last_top");
      float[] last = actual[actual.length - 1];
      assertThat(best(last)).isEqualTo(top.get(0).get(0).asInt());
      for (JsonNode pair : top) {
        assertThat(last[pair.get(0).asInt()])
            .isCloseTo(pair.get(1).floatValue(), offset(TOLERANCE));
      }
      for (JsonNode point : golden.get("points")) {
        assertThat(actual[point.get(0).asInt()][point.get(1).asInt()])
            .isCloseTo(point.get(2).floatValue(), offset(TOLERANCE));
      }
    }
  }

  private static float[][] logits(Path path, String kernelsName, int[] tokens) throws IOException {
    try (Kernels kernels = Kernels.named(kernelsName)) {
      return logits(path, kernels, Precision.F32, tokens);
    }
  }

  /** Logits of all positions and tokens. */
  static float[][] logits(Path path, Kernels kernels, Precision precision, int[] tokens)
      throws IOException {
    try (ModelFile file = ModelFile.open(path);
        Llama llama = new Llama(file, kernels, precision, tokens.length);
        Llama.Head head = llama.fullHead();
        Arena arena = Arena.ofShared()) {
      KvSpan span = llama.span(arena, tokens.length);
      llama.forward(tokens, List.of(new Slice(0, tokens.length, List.of(), span, 0)));
      return llama.logits(IntStream.range(0, tokens.length).toArray(), head);
    }
  }

  static int best(float[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }
}
