package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Weights;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The golden folders were written by transformers' libraries, their twins by the gguf package. */
class SafetensorsModelTest {
  @TempDir Path temp;

  @ParameterizedTest
  @CsvSource({"mha-tied,F32", "gqa2-untied,BF16", "gqa4-tied,F16", "gqa4-linear,F16"})
  void holdsWhatItsGgufTwinHolds(String name, String type) throws IOException {
    try (ModelFile folder = ModelFile.open(Golden.path(name));
        ModelFile gguf = ModelFile.open(Golden.path(name + "." + type + ".gguf"))) {
      LlamaConfig c = folder.config();
      assertThat(c.withRopeScaling(gguf.config().ropeScaling())).isEqualTo(gguf.config());
      for (LlamaTensors.Shape shape : LlamaTensors.shapes(c)) {
        if (shape.vector()) {
          assertThat(folder.vector(shape.name(), shape.cols()))
              .as(shape.name())
              .containsExactly(gguf.vector(shape.name(), shape.cols()));
          continue;
        }
        Weights left = folder.weights(shape.name(), shape.rows(), shape.cols());
        Weights right = gguf.weights(shape.name(), shape.rows(), shape.cols());
        for (int row = 0; row < shape.rows(); row++) {
          assertThat(left.row(row).mismatch(right.row(row))).as(shape.name()).isEqualTo(-1);
        }
      }
      assertThat(folder.tokenizer()).usingRecursiveComparison().isEqualTo(gguf.tokenizer());
      assertThat(folder.chatTemplate()).isEqualTo(gguf.chatTemplate());
    }
  }

  @Test
  void readsScalingFromConfig() throws IOException {
    try (ModelFile file = ModelFile.open(Golden.path("gqa2-untied"))) {
      assertThat(file.config().ropeScaling()).isEqualTo(new RopeScaling.Llama3(8, 1, 4, 32));
      assertThat(file.config().ropeBase()).isEqualTo(500_000);
      assertThat(file.metadata()).containsEntry("hidden_size", 64L);
    }
    try (ModelFile file = ModelFile.open(Golden.path("gqa4-tied"))) {
      assertThat(file.config().ropeScaling()).isEqualTo(new RopeScaling.None());
      assertThat(file.config().ropeBase()).isEqualTo(100_000);
    }
  }

  @Test
  void opensOneFileOfAFolderAndCountsEveryFile() throws IOException {
    Path folder = Golden.path("gqa4-linear");
    try (ModelFile file = ModelFile.open(folder)) {
      long bytes = 0;
      try (Stream<Path> files = Files.list(folder)) {
        for (Path each : files.toList()) {
          bytes += Files.size(each);
        }
      }
      assertThat(file.bytes()).isEqualTo(bytes);
      assertThat(file.tensors().values())
          .extracting(TensorInfo::format)
          .containsOnly(BlockFormat.F16);
    }
    try (ModelFile file = ModelFile.open(Golden.path("gqa2-untied").resolve("model.safetensors"))) {
      assertThat(file.has("lm_head.weight")).isTrue();
      assertThat(file.tokenizer().tokens()).hasSize(288);
    }
  }

  @Test
  void digestIsOfTheDigestsOfAllFiles() throws IOException {
    Path folder = Golden.path("mha-tied");
    StringBuilder lines = new StringBuilder();
    for (String name :
        new String[] {
          "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"
        }) {
      lines
          .append(Sha256.of(Files.readAllBytes(folder.resolve(name))))
          .append("  ")
          .append(name)
          .append('\n');
    }
    try (ModelFile file = ModelFile.open(folder)) {
      assertThat(file.digest())
          .isEqualTo(Sha256.of(lines.toString().getBytes(StandardCharsets.UTF_8)));
    }
  }

  @Test
  void takesTheDefaultOfSeveralChatTemplatesAndAFileBeforeThem() throws IOException {
    Path folder = copy("gqa4-tied", Map.of());
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"bos_token": {"content": "<|im_start|>"}, "eos_token": "<|im_end|>", "chat_template": [
         {"name": "tool_use", "template": "tools"}, {"name": "default", "template": "plain"}]}
        """);
    try (ModelFile file = ModelFile.open(folder)) {
      assertThat(file.chatTemplate()).hasValue("plain");
      assertThat(file.tokenizer().tokens().get(file.tokenizer().bos())).isEqualTo("<|im_start|>");
      Files.writeString(folder.resolve("chat_template.jinja"), "own file");
      assertThat(file.chatTemplate()).hasValue("own file");
    }
  }

  @Test
  void refusesWhatItDoesNotCompute() throws IOException {
    fails(Map.of("\"llama\"", "\"mistral\""), "config.json", "model_type is mistral");
    fails(Map.of("\"silu\"", "\"gelu\""), "config.json", "hidden_act is gelu");
    fails(
        Map.of("\"attention_bias\": false", "\"attention_bias\": true"),
        "config.json",
        "attention_bias is true");
    fails(Map.of("\"llama3\"", "\"yarn\""), "config.json", "rope_scaling.rope_type is yarn");
    fails(
        Map.of("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"),
        "config.json",
        "no tensor model.layers.2.input_layernorm.weight");
    fails(
        Map.of("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1"),
        "config.json",
        "tensor model.layers.1.");
    fails(Map.of("p{N}{1,3}", "p{N}"), "tokenizer.json", "pre_tokenizer is");
    fails(
        Map.of("\"normalizer\":null", "\"normalizer\":{\"type\":\"NFC\"}"),
        "tokenizer.json",
        "normalizer is {\"type\":\"NFC\"}, expected none");
  }

  private void fails(Map<String, String> edits, String file, String message) throws IOException {
    Path folder = copy("gqa2-untied", edits);
    assertThatThrownBy(
            () -> {
              try (ModelFile opened = ModelFile.open(folder)) {
                opened.tokenizer();
              }
            })
        .as("%s in %s", edits, file)
        .isInstanceOf(FormatException.class)
        .hasMessageContaining(message);
  }

  @Test
  void saysWhichFileIsMissing() throws IOException {
    assertThatThrownBy(() -> ModelFile.open(temp))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("no config.json, expected the whole checkpoint folder");
    Path folder = copy("gqa2-untied", Map.of());
    Files.delete(folder.resolve("tokenizer.json"));
    try (ModelFile file = ModelFile.open(folder)) {
      assertThatThrownBy(file::tokenizer)
          .isInstanceOf(FormatException.class)
          .hasMessageContaining("no tokenizer.json; save the tokenizer");
    }
    Files.delete(folder.resolve("model.safetensors"));
    assertThatThrownBy(() -> ModelFile.open(folder))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("no model.safetensors");
  }

  @Test
  void aShardOutsideTheFolderIsRefused() throws IOException {
    Path folder =
        copy(
            "gqa4-linear",
            Map.of("model-00002-of-00002.safetensors", "../model-00002-of-00002.safetensors"));
    assertThatThrownBy(() -> ModelFile.open(folder))
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("expected a file name");
  }

  /** A copy of a golden folder, its JSON files edited. */
  private Path copy(String name, Map<String, String> edits) throws IOException {
    Path target = Files.createTempDirectory(temp, name);
    try (Stream<Path> files = Files.list(Golden.path(name))) {
      for (Path file : files.toList()) {
        Path copy = target.resolve(file.getFileName());
        if (!file.toString().endsWith(".json")) {
          Files.copy(file, copy);
          continue;
        }
        String json = Files.readString(file);
        for (Map.Entry<String, String> edit : edits.entrySet()) {
          json = json.replace(edit.getKey(), edit.getValue());
        }
        Files.writeString(copy, json);
      }
    }
    return target;
  }
}
