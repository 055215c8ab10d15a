package dev.pukara.model;

import dev.pukara.kernels.BlockFormat;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * A Llama's shape as config.json says it, in the spelling of transformers 4 ({@code rope_theta},
 * {@code rope_scaling}) or 5 ({@code rope_parameters}).
 *
 * <p>Source: transformers' <a
 * href="https://huggingface.co/docs/transformers/model_doc/llama#transformers.LlamaConfig">LlamaConfig</a>,
 * whose defaults hold for absent fields.
 */
final class ConfigJson {
  private static final double ROPE_BASE_DEFAULT = 10_000;

  private ConfigJson() {}

  /**
   * Reads the shape.
   *
   * @param tiedHead true if the checkpoint has no lm_head.weight
   */
  static LlamaConfig read(JsonFields c, boolean tiedHead) {
    requirePlainLlama(c);
    int width = c.integer("hidden_size");
    int heads = c.integer("num_attention_heads");
    Optional<JsonFields> rope = c.optionalObject("rope_parameters");
    return ConfigLimits.check(
        c.file(),
        new LlamaConfig(
            c.integer("num_hidden_layers"),
            width,
            c.integer("intermediate_size"),
            heads,
            c.optionalInteger("num_key_value_heads").orElse(heads),
            c.optionalInteger("head_dim").orElseGet(() -> heads == 0 ? 0 : width / heads),
            c.integer("vocab_size"),
            c.optionalInteger("max_position_embeddings").orElse(2048),
            c.optionalNumber("rms_norm_eps").orElse(1e-6).floatValue(),
            rope.flatMap(r -> r.optionalNumber("rope_theta"))
                .or(() -> c.optionalNumber("rope_theta"))
                .orElse(ROPE_BASE_DEFAULT),
            rope.or(() -> c.optionalObject("rope_scaling"))
                .map(ConfigJson::scaling)
                .orElse(new RopeScaling.None()),
            tiedHead));
  }

  private static void requirePlainLlama(JsonFields c) {
    require(c, "model_type", c.optionalString("model_type").orElse("llama"), "llama");
    require(c, "hidden_act", c.optionalString("hidden_act").orElse("silu"), "silu");
    require(c, "attention_bias", c.bool("attention_bias", false), false);
    require(c, "mlp_bias", c.bool("mlp_bias", false), false);
    require(c, "partial_rotary_factor", c.optionalNumber("partial_rotary_factor").orElse(1.0), 1.0);
    if (c.optional("quantization_config").isPresent()) {
      throw new FormatException(
          c.file()
              + ": quantization_config is present, expected a checkpoint in F32, F16 or BF16;"
              + " use the one that is not quantised");
    }
  }

  private static void require(JsonFields c, String key, Object actual, Object expected) {
    if (!actual.equals(expected)) {
      throw new FormatException(
          c.file()
              + ": "
              + key
              + " is "
              + actual
              + ", expected "
              + expected
              + "; choose a plain Llama model");
    }
  }

  private static RopeScaling scaling(JsonFields s) {
    // The first releases called the field "type".
    String type =
        s.optionalString("rope_type").or(() -> s.optionalString("type")).orElse("default");
    return switch (type) {
      case "default" -> new RopeScaling.None();
      case "linear" -> new RopeScaling.Linear(s.number("factor"));
      case "llama3" ->
          new RopeScaling.Llama3(
              s.number("factor"),
              s.number("low_freq_factor"),
              s.number("high_freq_factor"),
              s.integer("original_max_position_embeddings"));
      default ->
          throw new FormatException(
              s.file()
                  + ": "
                  + s.at()
                  + "rope_type is "
                  + type
                  + ", expected default, linear or llama3; choose a model with one of these");
    };
  }

  /**
   * Makes config.json in the spelling of transformers 4, which 5 reads too.
   *
   * @param dtype type of the matrices
   */
  static ObjectNode write(LlamaConfig c, Optional<TokenizerSpec> tokenizer, BlockFormat dtype) {
    ObjectNode json = JsonFields.MAPPER.createObjectNode();
    json.putArray("architectures").add("LlamaForCausalLM");
    json.put("model_type", "llama");
    json.put(
        "torch_dtype",
        switch (dtype) {
          case F16 -> "float16";
          case BF16 -> "bfloat16";
          default -> "float32";
        });
    json.put("hidden_size", c.width());
    json.put("intermediate_size", c.feedForward());
    json.put("num_hidden_layers", c.blocks());
    json.put("num_attention_heads", c.queryHeads());
    json.put("num_key_value_heads", c.kvHeads());
    json.put("head_dim", c.headSize());
    json.put("vocab_size", c.vocabulary());
    json.put("max_position_embeddings", c.context());
    // As text of the float: 1.0E-5, not the 9.999999747378752E-6 that the float is as a double.
    json.put("rms_norm_eps", Double.parseDouble(Float.toString(c.eps())));
    json.put("rope_theta", c.ropeBase());
    scaling(c, json);
    json.put("hidden_act", "silu");
    json.put("attention_bias", false);
    json.put("mlp_bias", false);
    json.put("tie_word_embeddings", c.tiedHead());
    tokenizer.filter(spec -> spec.bos() >= 0).ifPresent(s -> json.put("bos_token_id", s.bos()));
    tokenizer.filter(spec -> spec.eos() >= 0).ifPresent(s -> json.put("eos_token_id", s.eos()));
    return json;
  }

  private static void scaling(LlamaConfig c, ObjectNode json) {
    switch (c.ropeScaling()) {
      case RopeScaling.None() -> json.putNull("rope_scaling");
      case RopeScaling.Linear(double factor) ->
          json.putObject("rope_scaling").put("rope_type", "linear").put("factor", factor);
      case RopeScaling.Llama3 rule ->
          json.putObject("rope_scaling")
              .put("rope_type", "llama3")
              .put("factor", rule.factor())
              .put("low_freq_factor", rule.lowFactor())
              .put("high_freq_factor", rule.highFactor())
              .put("original_max_position_embeddings", rule.originalContext());
      case RopeScaling.Factors _ ->
          throw new IllegalArgumentException("config.json has no field for RoPE divisors");
    }
  }
}
