package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Weights;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.Condition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConverterTest {
  @TempDir Path temp;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mha-tied.F32.gguf",
        "gqa2-untied.BF16.gguf",
        "gqa4-tied.F16.gguf",
        "gqa4-linear.F16.gguf"
      })
  void plainTypesSurviveTheWayToSafetensorsAndBack(String name) throws IOException {
    Path folder = temp.resolve("folder");
    Path back = temp.resolve("back.gguf");
    try (ModelFile gguf = ModelFile.open(Golden.path(name))) {
      ModelConverter.convert(gguf, folder, StorageTypes.AS_SOURCE);
      try (ModelFile safetensors = ModelFile.open(folder)) {
        assertSame(safetensors, gguf);
        ModelConverter.convert(safetensors, back, StorageTypes.AS_SOURCE);
      }
      try (ModelFile again = ModelFile.open(back)) {
        assertSame(again, gguf);
        assertThat(again.config()).isEqualTo(gguf.config());
        // Stored as before, too: RoPE divisors and the order of query and key rows.
        assertThat(stored(again)).isEqualTo(stored(gguf));
      }
    }
  }

  /** SHA-256 of each tensor's stored bytes, by its name in the file. */
  private static Map<String, String> stored(ModelFile file) {
    return GgufFile.parse("again", mapped(file)).tensors().entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, entry -> Sha256.of(entry.getValue().data())));
  }

  private static MemorySegment mapped(ModelFile file) {
    try {
      return MappedFile.map(file.path(), Arena.ofAuto());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same weights by the door, bit for bit, and the same tokenizer. */
  private static void assertSame(ModelFile actual, ModelFile expected) {
    for (LlamaTensors.Shape shape : LlamaTensors.shapes(expected.config())) {
      if (shape.vector()) {
        assertThat(actual.vector(shape.name(), shape.cols()))
            .as(shape.name())
            .containsExactly(expected.vector(shape.name(), shape.cols()));
        continue;
      }
      Weights left = actual.weights(shape.name(), shape.rows(), shape.cols());
      Weights right = expected.weights(shape.name(), shape.rows(), shape.cols());
      assertThat(left.format()).as(shape.name()).isEqualTo(right.format());
      for (int row = 0; row < shape.rows(); row++) {
        assertThat(left.row(row).mismatch(right.row(row))).as(shape.name()).isEqualTo(-1);
      }
    }
    assertThat(actual.tokenizer()).usingRecursiveComparison().isEqualTo(expected.tokenizer());
    assertThat(actual.chatTemplate()).isEqualTo(expected.chatTemplate());
  }

  @Test
  void copyingAGgufFileKeepsEveryByteOfItsTensorsAndMetadata() throws IOException {
    Path source = Golden.path("gqa2-kquants.K.gguf");
    Path copy = temp.resolve("copy.gguf");
    try (ModelFile file = ModelFile.open(source)) {
      WrittenModel written = ModelConverter.convert(file, copy, StorageTypes.AS_SOURCE);
      assertThat(written.tensors()).containsEntry(BlockFormat.Q6_K, 2);
      assertThat(written.notes()).isEmpty();
      try (ModelFile again = ModelFile.open(copy)) {
        assertThat(stored(again)).isEqualTo(stored(file));
        assertThat(again.metadata()).containsAllEntriesOf(file.metadata());
        assertThat(again.metadata()).containsEntry("general.quantization_version", 2L);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"Q8_0,0.01", "Q5_0,0.07", "Q4_1,0.09", "Q4_0,0.14", "F16,0.0005", "BF16,0.004"})
  void quantisesFromSafetensors(BlockFormat format, double tolerance) throws IOException {
    Path target = temp.resolve("quantised.gguf");
    try (ModelFile source = ModelFile.open(Golden.path("mha-tied"))) {
      WrittenModel written = ModelConverter.convert(source, target, StorageTypes.of(format));
      assertThat(written.tensors()).containsOnlyKeys(BlockFormat.F32, format);
      try (ModelFile file = ModelFile.open(target)) {
        assertThat(file.tensors().values())
            .filteredOn(info -> info.shape().length == 1)
            .extracting(TensorInfo::format)
            .containsOnly(BlockFormat.F32);
        assertThat(written.bytes())
            .isEqualTo(file.tensors().values().stream().mapToLong(TensorInfo::bytes).sum());
        // the embedding and a projection whose rows GGUF reorders
        assertClose(file, source, "model.embed_tokens.weight", 296, tolerance);
        assertClose(file, source, "model.layers.1.self_attn.k_proj.weight", 64, tolerance);
      }
    }
  }

  /** Close, measured against the largest value of each row. */
  private static void assertClose(
      ModelFile actual, ModelFile expected, String name, int rows, double tolerance) {
    for (int row = 0; row < rows; row++) {
      float[] left = row(actual.weights(name, rows, 64), row);
      float[] right = row(expected.weights(name, rows, 64), row);
      float largest = 0;
      for (float value : right) {
        largest = Math.max(largest, Math.abs(value));
      }
      for (int i = 0; i < left.length; i++) {
        assertThat((double) left[i])
            .as("%s (%d, %d)", name, row, i)
            .isCloseTo(right[i], within(tolerance * largest));
      }
    }
  }

  private static float[] row(Weights weights, int row) {
    float[] values = new float[weights.cols()];
    weights.format().decode(weights.row(row), 0, values.length, MemorySegment.ofArray(values), 0);
    return values;
  }

  @Test
  void embeddingHasATypeOfItsOwn() throws IOException {
    Path target = temp.resolve("mixed.gguf");
    try (ModelFile source = ModelFile.open(Golden.path("gqa2-untied"))) {
      ModelConverter.convert(source, target, StorageTypes.of(BlockFormat.Q4_0, BlockFormat.Q8_0));
      try (ModelFile file = ModelFile.open(target)) {
        Map<String, TensorInfo> tensors = file.tensors();
        assertThat(tensors)
            .hasEntrySatisfying("model.embed_tokens.weight", hasFormat(BlockFormat.Q8_0))
            .hasEntrySatisfying("lm_head.weight", hasFormat(BlockFormat.Q8_0))
            .hasEntrySatisfying("model.layers.0.mlp.up_proj.weight", hasFormat(BlockFormat.Q4_0))
            .hasEntrySatisfying("rope_freqs.weight", hasFormat(BlockFormat.F32));
        assertThat(file.metadata())
            .containsEntry("general.file_type", 2L)
            .containsEntry("general.name", "gqa2-untied")
            .containsEntry("llama.attention.head_count_kv", 2L);
      }
    }
  }

  private static Condition<TensorInfo> hasFormat(BlockFormat format) {
    return new Condition<>(info -> info.format() == format, "%s", format);
  }

  @Test
  void columnsThatAreNoWholeBlocksBecomeF16WithANote() throws IOException {
    Path target = temp.resolve("odd.gguf");
    LlamaConfig odd =
        new LlamaConfig(1, 40, 64, 2, 1, 20, 32, 64, 1e-5f, 1e4, new RopeScaling.None(), true);
    Path folder = temp.resolve("odd");
    SafetensorsWriter.write(
        folder,
        odd,
        Optional.of(vocabulary()),
        Optional.empty(),
        ones(odd),
        SafetensorsWriter.SHARD_BYTES_MAX);
    try (ModelFile source = ModelFile.open(folder)) {
      WrittenModel written =
          ModelConverter.convert(source, target, StorageTypes.of(BlockFormat.Q4_0));
      assertThat(written.notes())
          .containsExactly("matrices of 40 columns are F16: Q4_0 needs a multiple of 32");
      // only down_proj has 64 columns
      assertThat(written.tensors())
          .containsEntry(BlockFormat.Q4_0, 1)
          .containsEntry(BlockFormat.F16, 7);
    }
  }

  private static List<TensorContent> ones(LlamaConfig config) {
    return LlamaTensors.shapes(config).stream()
        .map(
            shape -> {
              float[] row = new float[shape.cols()];
              Arrays.fill(row, 1);
              return new TensorContent(
                  shape.name(),
                  BlockFormat.F32,
                  shape.dimensions(),
                  (_, target) ->
                      BlockFormat.F32.encode(MemorySegment.ofArray(row), 0, row.length, target));
            })
        .toList();
  }

  private static TokenizerSpec vocabulary() {
    return new TokenizerSpec(
        TokenizerSpec.Kind.BYTE_BPE,
        TokenizerSpec.Pre.GPT2,
        List.of("a", "b", "ab", "<end>"),
        new int[] {1, 1, 1, 3},
        new float[0],
        List.of("a b"),
        -1,
        3,
        -1,
        false,
        false,
        false);
  }

  @Test
  void shardsAreFilledInOrderAndReadBack() throws IOException {
    Path folder = temp.resolve("shards");
    try (ModelFile source = ModelFile.open(Golden.path("gqa2-untied"))) {
      List<TensorContent> tensors =
          LlamaTensors.shapes(source.config()).stream()
              .map(
                  shape ->
                      shape.vector()
                          ? TensorContent.vector(
                              shape.name(), source.vector(shape.name(), shape.cols()))
                          : TensorContent.matrix(
                              shape.name(),
                              source.weights(shape.name(), shape.rows(), shape.cols()),
                              BlockFormat.BF16))
              .toList();
      SafetensorsWriter.write(
          folder,
          source.config(),
          Optional.of(source.tokenizer()),
          source.chatTemplate(),
          tensors,
          60_000);
      try (ModelFile file = ModelFile.open(folder)) {
        assertSame(file, source);
        assertThat(file.config()).isEqualTo(source.config());
      }
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(path -> path.getFileName().toString()))
          .contains("model-00001-of-00004.safetensors", "model.safetensors.index.json");
    }
  }

  @Test
  void quantisedWeightsBecomeF32InSafetensorsUnlessAsked() throws IOException {
    try (ModelFile source = ModelFile.open(Golden.path("gqa2-untied.Q4_1.gguf"))) {
      WrittenModel plain =
          ModelConverter.convert(source, temp.resolve("plain"), StorageTypes.AS_SOURCE);
      assertThat(plain.tensors()).containsOnlyKeys(BlockFormat.F32);
      assertThat(plain.notes()).singleElement().asString().contains("dequantised from Q4_1");
      WrittenModel half =
          ModelConverter.convert(source, temp.resolve("half"), StorageTypes.of(BlockFormat.BF16));
      assertThat(half.tensors()).containsKeys(BlockFormat.BF16);
      assertThatThrownBy(
              () ->
                  ModelConverter.convert(
                      source, temp.resolve("no"), StorageTypes.of(BlockFormat.Q8_0)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("safetensors cannot hold Q8_0, expected F32, F16 or BF16");
      assertThatThrownBy(
              () -> ModelConverter.convert(source, temp.resolve("half"), StorageTypes.AS_SOURCE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("the folder is not empty");
    }
    assertThatThrownBy(() -> StorageTypes.of(BlockFormat.Q6_K))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("type Q6_K can be read but not written, expected one of [F32");
  }

  @Test
  void quantisingTwiceIsNotedAndLeavesNoPartialFile() throws IOException {
    try (ModelFile source = ModelFile.open(Golden.path("gqa2-untied.Q8_0.gguf"))) {
      WrittenModel written =
          ModelConverter.convert(
              source, temp.resolve("twice.gguf"), StorageTypes.of(BlockFormat.Q4_0));
      assertThat(written.notes()).singleElement().asString().startsWith("quantised twice");
    }
    try (Stream<Path> files = Files.list(temp)) {
      assertThat(files).containsExactly(temp.resolve("twice.gguf"));
    }
  }

  @Test
  void aFailureLeavesTheOldFileAlone() throws IOException {
    Path target = Files.writeString(temp.resolve("old.gguf"), "old");
    TensorContent broken =
        new TensorContent(
            "token_embd.weight",
            BlockFormat.F32,
            new long[] {2, 2},
            (row, _) -> {
              throw new IllegalStateException("row " + row);
            });
    assertThatThrownBy(() -> GgufWriter.write(target, new LinkedHashMap<>(), List.of(broken)))
        .hasMessage("row 0");
    assertThat(Files.readString(target)).isEqualTo("old");
    try (Stream<Path> files = Files.list(temp)) {
      assertThat(files).containsExactly(target);
    }
  }
}
