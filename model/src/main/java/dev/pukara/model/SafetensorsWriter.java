package dev.pukara.model;

import dev.pukara.kernels.BlockFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes a checkpoint folder that transformers loads: weights in shards of at most a given size,
 * config.json, tokenizer.json, tokenizer_config.json. {@link SafetensorsFile} tells the format.
 */
final class SafetensorsWriter {
  /** What transformers uses. */
  static final long SHARD_BYTES_MAX = 5_000_000_000L;

  private SafetensorsWriter() {}

  /**
   * Writes the files, config.json last: a folder without it is no model.
   *
   * @param folder made if it is missing
   * @param tensors tensors by transformers' names and rows, F32, F16 or BF16
   */
  static void write(
      Path folder,
      LlamaConfig config,
      Optional<TokenizerSpec> tokenizer,
      Optional<String> chatTemplate,
      List<TensorContent> tensors,
      long shardBytesMax)
      throws IOException {
    Files.createDirectories(folder);
    List<List<TensorContent>> shards = shards(tensors, shardBytesMax);
    Map<String, String> fileOf = new LinkedHashMap<>();
    for (int i = 0; i < shards.size(); i++) {
      String name =
          shards.size() == 1
              ? SafetensorsModel.SINGLE
              : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
      // transformers refuses files that do not say which framework's layout they have.
      writeFile(folder.resolve(name), Map.of("format", "pt"), shards.get(i));
      shards.get(i).forEach(tensor -> fileOf.put(tensor.name(), name));
    }
    if (shards.size() > 1) {
      writeJson(folder.resolve(SafetensorsModel.INDEX), index(tensors, fileOf));
    }
    if (tokenizer.isPresent()) {
      TokenizerSpec spec = tokenizer.get();
      writeJson(folder.resolve(SafetensorsModel.TOKENIZER), TokenizerJsonWriter.tokenizer(spec));
      writeJson(
          folder.resolve(SafetensorsModel.TOKENIZER_CONFIG),
          TokenizerJsonWriter.config(spec, config.context(), chatTemplate));
    }
    writeJson(
        folder.resolve(SafetensorsModel.CONFIG),
        ConfigJson.write(config, tokenizer, dtype(tensors)));
  }

  private static List<List<TensorContent>> shards(List<TensorContent> tensors, long bytesMax) {
    List<List<TensorContent>> shards = new ArrayList<>();
    List<TensorContent> shard = new ArrayList<>();
    long bytes = 0;
    for (TensorContent tensor : tensors) {
      if (!shard.isEmpty() && bytes + tensor.bytes() > bytesMax) {
        shards.add(shard);
        shard = new ArrayList<>();
        bytes = 0;
      }
      shard.add(tensor);
      bytes += tensor.bytes();
    }
    shards.add(shard);
    return shards;
  }

  /** Writes one file. @param metadata its strings beside the tensors */
  static void writeFile(Path target, Map<String, String> metadata, List<TensorContent> tensors)
      throws IOException {
    ObjectNode header = JsonFields.MAPPER.createObjectNode();
    ObjectNode strings = header.putObject(SafetensorsFile.METADATA);
    metadata.forEach(strings::put);
    long offset = 0;
    for (TensorContent tensor : tensors) {
      ObjectNode entry = header.putObject(tensor.name()).put("dtype", tensor.format().name());
      ArrayNode shape = entry.putArray("shape");
      for (long size : tensor.shape()) {
        shape.add(size);
      }
      entry.putArray("data_offsets").add(offset).add(offset + tensor.bytes());
      offset += tensor.bytes();
    }
    String json = JsonFields.MAPPER.writeValueAsString(header);
    // Blanks at the end keep the data at a multiple of eight bytes.
    byte[] padded =
        (json + " ".repeat((8 - json.getBytes(StandardCharsets.UTF_8).length % 8) % 8))
            .getBytes(StandardCharsets.UTF_8);
    try (PartialFile out = new PartialFile(target)) {
      out.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(padded.length).array());
      out.write(padded);
      for (TensorContent tensor : tensors) {
        out.write(tensor);
      }
      out.finish();
    }
  }

  private static ObjectNode index(List<TensorContent> tensors, Map<String, String> fileOf) {
    ObjectNode index = JsonFields.MAPPER.createObjectNode();
    long bytes = tensors.stream().mapToLong(TensorContent::bytes).sum();
    index.putObject("metadata").put("total_size", bytes);
    ObjectNode map = index.putObject("weight_map");
    fileOf.forEach(map::put);
    return index;
  }

  /** The type of the matrices; norms may be stored in F32 beside it. */
  private static BlockFormat dtype(List<TensorContent> tensors) {
    return tensors.stream()
        .filter(tensor -> tensor.shape().length == 2)
        .map(TensorContent::format)
        .findFirst()
        .orElse(BlockFormat.F32);
  }

  private static void writeJson(Path target, JsonNode json) throws IOException {
    try (PartialFile out = new PartialFile(target)) {
      out.write(JsonFields.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(json));
      out.write(new byte[] {'\n'});
      out.finish();
    }
  }
}
