package dev.pukara.model;

import dev.pukara.kernels.BlockFormat;
import dev.pukara.kernels.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Writes an opened model in the other file format, or with other storage types, tensor by tensor:
 * memory holds one row of weights and the vocabulary.
 *
 * <p>A tensor that keeps its type is copied bit for bit. F32, F16 and BF16 survive the way to GGUF
 * and back unchanged.
 */
public final class ModelConverter {
  /** Beginning of the metadata keys that tell how a model is used as a guard. */
  public static final String OWN_KEYS = "pukara.";

  private final ModelFile source;
  private final TensorSource weights;
  private final Map<String, Object> added;
  private final boolean toGguf;
  private final boolean trained;
  private final TreeSet<String> notes = new TreeSet<>();

  private ModelConverter(
      ModelFile source,
      TensorSource weights,
      Map<String, Object> added,
      boolean trained,
      boolean toGguf) {
    this.source = source;
    this.weights = weights;
    this.added = added;
    this.trained = trained;
    this.toGguf = toGguf;
  }

  /**
   * Writes {@code source} to {@code target}, which is replaced when the new file is complete.
   *
   * @param target a name that ends .gguf makes a GGUF file, any other a new folder of safetensors
   * @param types storage types; safetensors holds F32, F16 and BF16 only, so there any other
   *     becomes F32
   * @throws FormatException if the source's tables are not what their format says
   * @throws IllegalArgumentException if safetensors cannot hold what was asked for, or their folder
   *     holds something already
   */
  public static WrittenModel convert(ModelFile source, Path target, StorageTypes types)
      throws IOException {
    return convert(source, target, types, source, Map.of(), false);
  }

  /** The same with the linear layers as {@code rounding} stores them. */
  public static WrittenModel convert(
      ModelFile source, GuidedRounding rounding, Path target, StorageTypes types)
      throws IOException {
    return convert(source, target, types, rounding, Map.of(), false);
  }

  /**
   * Writes a model that is {@code source} in everything but its weights.
   *
   * @param weights what was trained
   * @param metadata added to that of a GGUF file, in place of what {@code source} says under the
   *     same keys and of all that it says under {@link #OWN_KEYS}: text, booleans, {@link Integer},
   *     {@link Long}, {@link Float} and lists of texts
   */
  public static WrittenModel convert(
      ModelFile source,
      TensorSource weights,
      Path target,
      StorageTypes types,
      Map<String, Object> metadata)
      throws IOException {
    return convert(source, target, types, weights, metadata, true);
  }

  private static WrittenModel convert(
      ModelFile source,
      Path target,
      StorageTypes types,
      TensorSource weights,
      Map<String, Object> metadata,
      boolean trained)
      throws IOException {
    boolean toGguf = MappedFile.name(target).endsWith(".gguf");
    ModelConverter converter = new ModelConverter(source, weights, metadata, trained, toGguf);
    List<TensorContent> tensors = converter.tensors(types);
    return toGguf
        ? converter.writeGguf(target, tensors)
        : converter.writeSafetensors(target, tensors);
  }

  private List<TensorContent> tensors(StorageTypes types) {
    List<TensorContent> tensors = new ArrayList<>();
    for (LlamaTensors.Shape shape : LlamaTensors.shapes(source.config())) {
      tensors.add(
          shape.vector()
              ? TensorContent.vector(shape.name(), weights.vector(shape.name(), shape.cols()))
              : matrix(shape, types.of(shape.name())));
    }
    return tensors;
  }

  private TensorContent matrix(LlamaTensors.Shape shape, Optional<BlockFormat> asked) {
    Weights stored = weights.weights(shape.name(), shape.rows(), shape.cols());
    BlockFormat format = asked.orElse(stored.format());
    if (!toGguf && format.blockValues() > 1) {
      if (asked.isPresent()) {
        throw new IllegalArgumentException(
            "safetensors cannot hold " + format + ", expected F32, F16 or BF16");
      }
      notes.add(
          "dequantised from " + format + " to F32, which takes twice the room of F16 or BF16");
      format = BlockFormat.F32;
    }
    if (shape.cols() % format.blockValues() != 0) {
      notes.add(
          String.format(
              Locale.ROOT,
              "matrices of %d columns are F16: %s needs a multiple of %d",
              shape.cols(),
              format,
              format.blockValues()));
      format = BlockFormat.F16;
    }
    if (format != stored.format()
        && format.blockValues() > 1
        && stored.format().blockValues() > 1) {
      notes.add(
          String.format(
              Locale.ROOT,
              "quantised twice, from %s to %s: the original checkpoint gives better weights",
              stored.format(),
              format));
    }
    return TensorContent.matrix(shape.name(), stored, format);
  }

  private WrittenModel writeGguf(Path target, List<TensorContent> tensors) throws IOException {
    SequencedMap<String, GgufValue> metadata = new LinkedHashMap<>();
    LlamaConfig config = source.config();
    if (source instanceof GgufModel gguf) {
      metadata.putAll(gguf.typedMetadata());
      // The writer's own alignment is the default one, and there is one file.
      metadata.remove("general.alignment");
      metadata.keySet().removeIf(key -> key.startsWith("split."));
    } else {
      GgufContent.describe(
          metadata, name(), config, Optional.of(source.tokenizer()), source.chatTemplate());
    }
    if (trained) {
      metadata.keySet().removeIf(key -> key.startsWith(OWN_KEYS));
    }
    added.forEach((key, value) -> metadata.put(key, GgufValue.of(value)));
    List<TensorContent> placed = GgufContent.tensors(config, tensors);
    GgufContent.describeStorage(metadata, placed);
    GgufWriter.write(target, metadata, placed);
    return report(target, placed);
  }

  private String name() {
    Path path = source.path().toAbsolutePath().normalize();
    Path parent = path.getParent();
    return MappedFile.name(Files.isDirectory(path) || parent == null ? path : parent);
  }

  private WrittenModel writeSafetensors(Path target, List<TensorContent> tensors)
      throws IOException {
    requireEmpty(target);
    noteLostMetadata();
    SafetensorsWriter.write(
        target,
        config(),
        Optional.of(source.tokenizer()),
        source.chatTemplate(),
        tensors,
        SafetensorsWriter.SHARD_BYTES_MAX);
    return report(target, tensors);
  }

  private static void requireEmpty(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      if (files.findAny().isPresent()) {
        throw new IllegalArgumentException(
            folder
                + ": the folder is not empty, and files of two models must not mix; choose a"
                + " new folder");
      }
    }
  }

  private void noteLostMetadata() {
    if (source instanceof GgufModel gguf) {
      List<String> lost =
          gguf.typedMetadata().keySet().stream()
              .filter(key -> !key.matches("(general|llama|tokenizer)\\..*"))
              .toList();
      if (!lost.isEmpty()) {
        notes.add("safetensors has no place for the metadata " + String.join(", ", lost));
      }
    }
  }

  /** The configuration with RoPE scaling as config.json can say it. */
  private LlamaConfig config() {
    LlamaConfig c = source.config();
    if (!(c.ropeScaling() instanceof RopeScaling.Factors(float[] divisors))) {
      return c;
    }
    RopeScaling rule =
        RopeFactors.rule(divisors, c.ropeBase())
            .orElseThrow(
                () ->
                    new FormatException(
                        MappedFile.name(source.path())
                            + ": rope_freqs.weight follows no rule that config.json can state,"
                            + " expected Llama 3.1's with any factor and original context; convert"
                            + " the original checkpoint instead"));
    return c.withRopeScaling(rule);
  }

  private WrittenModel report(Path target, List<TensorContent> tensors) {
    return report(target, tensors, List.copyOf(notes));
  }

  static WrittenModel report(Path target, List<TensorContent> tensors, List<String> notes) {
    TreeMap<BlockFormat, Integer> counts = new TreeMap<>();
    tensors.forEach(tensor -> counts.merge(tensor.format(), 1, Integer::sum));
    long bytes = tensors.stream().mapToLong(TensorContent::bytes).sum();
    return new WrittenModel(target, bytes, counts, notes);
  }
}
