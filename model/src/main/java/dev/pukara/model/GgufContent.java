package dev.pukara.model;

import dev.pukara.kernels.BlockFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/** What a Llama's GGUF file holds beside its matrices, so that llama.cpp loads it too. */
final class GgufContent {
  private static final long QUANTIZATION_VERSION = 2;
  private static final int UNUSED = 5;

  private GgufContent() {}

  /**
   * The tensors in GGUF's names and row order, RoPE divisors first.
   *
   * @param tensors tensors in transformers' names and row order
   */
  static List<TensorContent> tensors(LlamaConfig config, List<TensorContent> tensors) {
    List<TensorContent> placed = new ArrayList<>();
    switch (config.ropeScaling()) {
      case RopeScaling.Llama3 rule ->
          placed.add(
              TensorContent.vector(
                  LlamaTensors.ROPE_FACTORS,
                  RopeFactors.of(rule, config.ropeBase(), config.headSize())));
      case RopeScaling.Factors(float[] divisors) ->
          placed.add(TensorContent.vector(LlamaTensors.ROPE_FACTORS, divisors));
      case RopeScaling.None(), RopeScaling.Linear _ -> {}
    }
    for (TensorContent tensor : tensors) {
      String name = LlamaTensors.toGguf(tensor.name());
      int heads =
          tensor.name().endsWith(LlamaTensors.Q_PROJ)
              ? config.queryHeads()
              : tensor.name().endsWith(LlamaTensors.K_PROJ) ? config.kvHeads() : 0;
      placed.add(
          heads == 0
              ? tensor.renamed(name)
              : tensor.placed(name, GgufModel.rowOrder(heads, config.headSize())));
    }
    return placed;
  }

  /** Adds what llama.cpp expects of a file that was no GGUF before. */
  static void describe(
      SequencedMap<String, GgufValue> metadata,
      String name,
      LlamaConfig config,
      Optional<TokenizerSpec> tokenizer,
      Optional<String> chatTemplate) {
    metadata.put("general.architecture", GgufValue.string("llama"));
    metadata.put("general.type", GgufValue.string("model"));
    metadata.put("general.name", GgufValue.string(name));
    GgufLlama.write(config, metadata);
    tokenizer.ifPresent(spec -> GgufTokenizer.write(padded(spec, config.vocabulary()), metadata));
    chatTemplate.ifPresent(
        template -> metadata.put(GgufTokenizer.CHAT_TEMPLATE, GgufValue.string(template)));
  }

  /** llama.cpp wants as many tokens as the embedding has rows: unused ones fill up. */
  private static TokenizerSpec padded(TokenizerSpec spec, int vocabulary) {
    int count = spec.tokens().size();
    List<String> tokens = new ArrayList<>(spec.tokens());
    for (int i = count; i < vocabulary; i++) {
      tokens.add("[PAD" + i + "]");
    }
    int[] types = Arrays.copyOf(spec.types(), vocabulary);
    Arrays.fill(types, count, vocabulary, UNUSED);
    float[] scores =
        spec.scores().length == 0 ? spec.scores() : Arrays.copyOf(spec.scores(), vocabulary);
    return new TokenizerSpec(
        spec.kind(),
        spec.pre(),
        tokens,
        types,
        scores,
        spec.merges(),
        spec.bos(),
        spec.eos(),
        spec.unknown(),
        spec.addBos(),
        spec.addSpacePrefix(),
        spec.ignoreMerges());
  }

  /** Sets the keys that tell how the tensors are stored. */
  static void describeStorage(
      SequencedMap<String, GgufValue> metadata, List<TensorContent> tensors) {
    BlockFormat commonest =
        tensors.stream()
            .filter(tensor -> tensor.shape().length == 2)
            .collect(Collectors.groupingBy(TensorContent::format, Collectors.counting()))
            .entrySet()
            .stream()
            .max(Map.Entry.<BlockFormat, Long>comparingByValue().thenComparing(e -> e.getKey()))
            .map(Map.Entry::getKey)
            .orElse(BlockFormat.F32);
    metadata.put("general.file_type", GgufValue.u32(fileType(commonest)));
    metadata.put("general.quantization_version", GgufValue.u32(QUANTIZATION_VERSION));
  }

  /** llama.cpp's number (llama_ftype) of a file whose matrices are mostly of this format. */
  private static int fileType(BlockFormat format) {
    return switch (format) {
      case F32 -> 0;
      case F16 -> 1;
      case Q4_0 -> 2;
      case Q4_1 -> 3;
      case Q8_0 -> 7;
      case Q5_0 -> 8;
      case Q5_1 -> 9;
      case Q2_K -> 10;
      case Q3_K -> 12;
      case Q4_K -> 15;
      case Q5_K -> 17;
      case Q6_K -> 18;
      case BF16 -> 32;
      case Q8_K -> throw new IllegalArgumentException("Q8_K is not a format of files");
    };
  }
}
