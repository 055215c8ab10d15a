package dev.pukara.model;

import java.util.Optional;
import java.util.SequencedMap;

/**
 * A Llama's shape as GGUF's keys {@code llama.*} say it, read and written.
 *
 * <p>Source: the key list of the <a
 * href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">GGUF specification</a> and what
 * llama.cpp makes of absent keys.
 */
final class GgufLlama {
  private static final double ROPE_BASE_DEFAULT = 10_000;

  private GgufLlama() {}

  /**
   * Reads the shape.
   *
   * @param vocabulary rows of the embedding
   * @param ropeFactors content of rope_freqs.weight, if the file has it
   * @param tiedHead true if the file has no output.weight
   */
  static LlamaConfig read(
      GgufMetadata m, int vocabulary, Optional<float[]> ropeFactors, boolean tiedHead) {
    String architecture = m.string("general.architecture");
    if (!architecture.equals("llama")) {
      throw new FormatException(
          m.file() + ": architecture " + architecture + ", expected llama; choose a Llama model");
    }
    if (m.optionalInteger("llama.expert_count").orElse(0) != 0) {
      throw new FormatException(
          m.file() + ": a mixture of experts, expected a dense Llama; choose a dense model");
    }
    int width = m.integer("llama.embedding_length");
    int heads = m.integer("llama.attention.head_count");
    int headSize =
        m.optionalInteger("llama.attention.key_length")
            .orElseGet(() -> heads == 0 ? 0 : width / heads);
    same(m, "llama.attention.value_length", headSize);
    same(m, "llama.rope.dimension_count", headSize);
    return ConfigLimits.check(
        m.file(),
        new LlamaConfig(
            m.integer("llama.block_count"),
            width,
            m.integer("llama.feed_forward_length"),
            heads,
            m.optionalInteger("llama.attention.head_count_kv").orElse(heads),
            headSize,
            vocabulary,
            m.integer("llama.context_length"),
            m.number("llama.attention.layer_norm_rms_epsilon"),
            m.optionalNumber("llama.rope.freq_base")
                .map(Float::doubleValue)
                .orElse(ROPE_BASE_DEFAULT),
            scaling(m, ropeFactors),
            tiedHead));
  }

  private static void same(GgufMetadata m, String key, int headSize) {
    int value = m.optionalInteger(key).orElse(headSize);
    if (value != headSize) {
      throw m.broken(
          key + " is " + value + ", expected the head size " + headSize + " as in every Llama");
    }
  }

  private static RopeScaling scaling(GgufMetadata m, Optional<float[]> factors) {
    // llama.cpp's older converters wrote only the factor, under one of these names.
    float factor =
        m.optionalNumber("llama.rope.scaling.factor")
            .or(() -> m.optionalNumber("llama.rope.scale_linear"))
            .orElse(0f);
    String type =
        m.optionalString("llama.rope.scaling.type").orElse(factor == 0 ? "none" : "linear");
    boolean linear = type.equals("linear") && factor != 0 && factor != 1;
    if (!type.equals("none") && !type.equals("linear")) {
      throw new FormatException(
          m.file()
              + ": llama.rope.scaling.type is "
              + type
              + ", expected none or linear; choose a model without it");
    }
    if (linear && factors.isPresent()) {
      throw m.broken("both linear RoPE scaling and rope_freqs.weight, expected one of them");
    }
    if (factors.isPresent()) {
      return new RopeScaling.Factors(factors.get());
    }
    return linear ? new RopeScaling.Linear(factor) : new RopeScaling.None();
  }

  /** Writes the shape; RoPE divisors go into the tensor rope_freqs.weight instead. */
  static void write(LlamaConfig c, SequencedMap<String, GgufValue> to) {
    to.put("llama.block_count", GgufValue.u32(c.blocks()));
    to.put("llama.context_length", GgufValue.u32(c.context()));
    to.put("llama.embedding_length", GgufValue.u32(c.width()));
    to.put("llama.feed_forward_length", GgufValue.u32(c.feedForward()));
    to.put("llama.attention.head_count", GgufValue.u32(c.queryHeads()));
    to.put("llama.attention.head_count_kv", GgufValue.u32(c.kvHeads()));
    to.put("llama.rope.dimension_count", GgufValue.u32(c.headSize()));
    to.put("llama.attention.layer_norm_rms_epsilon", GgufValue.f32(c.eps()));
    to.put("llama.rope.freq_base", GgufValue.f32((float) c.ropeBase()));
    to.put("llama.vocab_size", GgufValue.u32(c.vocabulary()));
    if (c.headSize() * c.queryHeads() != c.width()) {
      to.put("llama.attention.key_length", GgufValue.u32(c.headSize()));
      to.put("llama.attention.value_length", GgufValue.u32(c.headSize()));
    }
    if (c.ropeScaling() instanceof RopeScaling.Linear(double factor)) {
      to.put("llama.rope.scaling.type", GgufValue.string("linear"));
      to.put("llama.rope.scaling.factor", GgufValue.f32((float) factor));
    }
  }
}
