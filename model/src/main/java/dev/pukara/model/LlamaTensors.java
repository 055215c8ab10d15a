package dev.pukara.model;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * The tensors of a Llama checkpoint: their names in transformers' spelling and in GGUF's, and the
 * shapes that a configuration gives them.
 */
final class LlamaTensors {
  static final String EMBEDDING = "model.embed_tokens.weight";
  static final String FINAL_NORM = "model.norm.weight";
  static final String HEAD = "lm_head.weight";
  static final String Q_PROJ = "self_attn.q_proj.weight";
  static final String K_PROJ = "self_attn.k_proj.weight";
  static final String DOWN_PROJ = "mlp.down_proj.weight";

  /**
   * GGUF's tensor of RoPE divisors; has no counterpart in a checkpoint, where config.json says it.
   */
  static final String ROPE_FACTORS = "rope_freqs.weight";

  private static final String BLOCK = "model.layers.";
  private static final String GGUF_BLOCK = "blk.";

  private static final Map<String, String> OUTSIDE_BLOCKS =
      Map.of(
          "token_embd.weight", EMBEDDING,
          "output_norm.weight", FINAL_NORM,
          "output.weight", HEAD);

  private static final Map<String, String> IN_BLOCK =
      Map.of(
          "attn_norm.weight", "input_layernorm.weight",
          "attn_q.weight", Q_PROJ,
          "attn_k.weight", K_PROJ,
          "attn_v.weight", "self_attn.v_proj.weight",
          "attn_output.weight", "self_attn.o_proj.weight",
          "ffn_norm.weight", "post_attention_layernorm.weight",
          "ffn_gate.weight", "mlp.gate_proj.weight",
          "ffn_up.weight", "mlp.up_proj.weight",
          "ffn_down.weight", DOWN_PROJ);

  private static final Map<String, String> OUTSIDE_BLOCKS_TO_GGUF = inverse(OUTSIDE_BLOCKS);
  private static final Map<String, String> IN_BLOCK_TO_GGUF = inverse(IN_BLOCK);

  private LlamaTensors() {}

  /**
   * What a checkpoint holds.
   *
   * @param name transformers' name
   * @param rows output features; 1 for a vector
   * @param cols input features, or the length of a vector
   * @param vector true for the gains of a norm
   */
  record Shape(String name, int rows, int cols, boolean vector) {
    /** Shape as stored, rows first. */
    long[] dimensions() {
      return vector ? new long[] {cols} : new long[] {rows, cols};
    }
  }

  /** Every tensor of a checkpoint in the order of computation; the head last unless it is tied. */
  static List<Shape> shapes(LlamaConfig c) {
    List<Shape> shapes = new ArrayList<>();
    shapes.add(new Shape(EMBEDDING, c.vocabulary(), c.width(), false));
    int qWidth = c.queryHeads() * c.headSize();
    int kvWidth = c.kvHeads() * c.headSize();
    for (int i = 0; i < c.blocks(); i++) {
      String block = BLOCK + i + ".";
      shapes.add(new Shape(block + "input_layernorm.weight", 1, c.width(), true));
      shapes.add(new Shape(block + Q_PROJ, qWidth, c.width(), false));
      shapes.add(new Shape(block + K_PROJ, kvWidth, c.width(), false));
      shapes.add(new Shape(block + "self_attn.v_proj.weight", kvWidth, c.width(), false));
      shapes.add(new Shape(block + "self_attn.o_proj.weight", c.width(), qWidth, false));
      shapes.add(new Shape(block + "post_attention_layernorm.weight", 1, c.width(), true));
      shapes.add(new Shape(block + "mlp.gate_proj.weight", c.feedForward(), c.width(), false));
      shapes.add(new Shape(block + "mlp.up_proj.weight", c.feedForward(), c.width(), false));
      shapes.add(new Shape(block + DOWN_PROJ, c.width(), c.feedForward(), false));
    }
    shapes.add(new Shape(FINAL_NORM, 1, c.width(), true));
    if (!c.tiedHead()) {
      shapes.add(new Shape(HEAD, c.vocabulary(), c.width(), false));
    }
    return shapes;
  }

  /** Transformers' name of a GGUF tensor, or empty if a plain Llama has no such tensor. */
  static Optional<String> fromGguf(String name) {
    return rename(name, GGUF_BLOCK, OUTSIDE_BLOCKS, IN_BLOCK, BLOCK);
  }

  /** GGUF's name of a checkpoint's tensor. */
  static String toGguf(String name) {
    return rename(name, BLOCK, OUTSIDE_BLOCKS_TO_GGUF, IN_BLOCK_TO_GGUF, GGUF_BLOCK)
        .orElseThrow(() -> new IllegalArgumentException("no tensor of a Llama: " + name));
  }

  private static Optional<String> rename(
      String name,
      String blockPrefix,
      Map<String, String> outside,
      Map<String, String> inside,
      String newPrefix) {
    if (!name.startsWith(blockPrefix)) {
      return Optional.ofNullable(outside.get(name));
    }
    int dot = name.indexOf('.', blockPrefix.length());
    if (dot < 0) {
      return Optional.empty();
    }
    String number = name.substring(blockPrefix.length(), dot);
    return Optional.ofNullable(inside.get(name.substring(dot + 1)))
        .map(rest -> newPrefix + number + "." + rest);
  }

  /**
   * Rejects a file whose tensors are not those of its configuration.
   *
   * @param file for the message
   * @param tensors the file's tensors by transformers' names
   */
  static void check(String file, LlamaConfig config, SequencedMap<String, StoredTensor> tensors) {
    SequencedMap<String, StoredTensor> rest = new LinkedHashMap<>(tensors);
    for (Shape shape : shapes(config)) {
      StoredTensor tensor = rest.remove(shape.name());
      if (tensor == null) {
        throw new FormatException(
            String.format(
                Locale.ROOT,
                "%s: no tensor %s (%s), which a Llama of %d blocks has; %s",
                file,
                shape.name(),
                toGguf(shape.name()),
                config.blocks(),
                FormatException.FETCH_AGAIN));
      }
      StoredTensors.requireShape(file, tensor, shape.dimensions());
    }
    if (!rest.isEmpty()) {
      throw new FormatException(
          String.format(
              Locale.ROOT,
              "%s: tensor %s is none of a Llama of %d blocks; models with biases, experts or"
                  + " adapters are not supported, use a plain or merged one",
              file,
              rest.firstEntry().getValue().info().name(),
              config.blocks()));
    }
  }

  private static Map<String, String> inverse(Map<String, String> names) {
    Map<String, String> inverse = new LinkedHashMap<>();
    names.forEach((key, value) -> inverse.put(value, key));
    return Map.copyOf(inverse);
  }
}
