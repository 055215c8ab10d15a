package dev.pukara.train;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Matrix;
import dev.pukara.kernels.Tensor;
import dev.pukara.kernels.Weights;
import dev.pukara.model.ModelConverter;
import dev.pukara.model.ModelFile;
import dev.pukara.model.StorageTypes;
import dev.pukara.model.TensorFile;
import dev.pukara.model.TensorSource;
import dev.pukara.model.WrittenModel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import tools.jackson.databind.json.JsonMapper;

/** Writes what was trained as files that others read. */
final class Export {
  private Export() {}

  /** See {@link Trainer#export}. */
  static WrittenModel model(
      ModelFile base,
      Network network,
      Path target,
      StorageTypes types,
      Map<String, Object> metadata)
      throws IOException {
    StorageTypes wanted =
        new StorageTypes(
            types.linear().or(() -> Optional.of(BlockFormat.F16)),
            types.embedding().or(() -> Optional.of(BlockFormat.F16)),
            types.down());
    try (Arena arena = Arena.ofShared()) {
      Trained trained = new Trained(network.export(arena));
      return ModelConverter.convert(base, trained, target, wanted, metadata);
    }
  }

  /** The trained tensors. */
  private record Trained(Map<String, Matrix> tensors) implements TensorSource {
    @Override
    public Weights weights(String name, int rows, int cols) {
      return Weights.of(BlockFormat.F32, rows, cols, memory(name));
    }

    @Override
    public float[] vector(String name, int length) {
      return memory(name).toArray(Tensor.F32);
    }

    private MemorySegment memory(String name) {
      Matrix tensor = tensors.get(name);
      if (tensor == null) {
        throw new IllegalArgumentException("no tensor of a Llama: " + name);
      }
      return tensor.memory();
    }
  }

  /** See {@link Trainer#exportAdapter}. */
  static void adapter(Path folder, String baseName, Tuning.Lora lora, List<Parameter> parameters)
      throws IOException {
    Files.createDirectories(folder);
    SequencedMap<String, Matrix> matrices = new LinkedHashMap<>();
    for (Parameter parameter : parameters) {
      matrices.put("base_model.model." + parameter.name(), parameter.values());
    }
    TensorFile.write(folder.resolve("adapter_model.safetensors"), Map.of("format", "pt"), matrices);
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("peft_type", "LORA");
    config.put("task_type", "CAUSAL_LM");
    config.put("base_model_name_or_path", baseName);
    config.put("r", lora.rank());
    config.put("lora_alpha", lora.alpha());
    config.put("lora_dropout", 0.0);
    config.put("bias", "none");
    config.put("fan_in_fan_out", false);
    config.put("inference_mode", true);
    config.put("target_modules", lora.targets().stream().sorted().toList());
    Files.writeString(
        folder.resolve("adapter_config.json"),
        JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(config) + "\n");
  }
}
