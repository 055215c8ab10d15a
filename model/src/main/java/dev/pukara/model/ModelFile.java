package dev.pukara.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * An opened model file: GGUF, or a folder of safetensors with config.json and tokenizer.json.
 * Tensors are named as the checkpoints of transformers name them ({@code
 * model.layers.0.self_attn.q_proj.weight}) and query and key rows are in their order (RoPE pairs
 * {@code j, j + headSize/2}); a reader of another layout translates.
 *
 * <p>The file is mapped and stays so until {@link #close()}; weights are views of the mapping.
 */
public interface ModelFile extends TensorSource, AutoCloseable {
  /**
   * Opens a .gguf file, a .safetensors file or a folder with config.json. A file may lie in a jar,
   * stored without compression: {@code lib/guards.jar!/guard.gguf}.
   *
   * @throws FormatException if the content is not what the format says
   */
  static ModelFile open(Path path) throws IOException {
    return Formats.open(path);
  }

  /** Where it lies. */
  Path path();

  /** Shape of the model. */
  LlamaConfig config();

  /** True if the file holds the tensor. */
  boolean has(String name);

  /** Name, format and shape of every tensor, in file order. */
  SequencedMap<String, TensorInfo> tensors();

  /** Everything else the file says of itself: GGUF's key/value pairs, or config.json's fields. */
  Map<String, Object> metadata();

  /** The tokenizer's tables. @throws FormatException if the file has none */
  TokenizerSpec tokenizer();

  /** The chat template (Jinja), if the file carries one. */
  Optional<String> chatTemplate();

  /** Bytes of all files. */
  long bytes();

  /**
   * SHA-256 in hex: of the file; of several files, of the lines {@code "<sha256> <name>\n"} in name
   * order.
   */
  String digest();

  /** The digest if it is at hand without reading the whole file: remembered from an earlier run. */
  Optional<String> knownDigest();

  @Override
  void close();
}
