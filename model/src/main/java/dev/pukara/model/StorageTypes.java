package dev.pukara.model;

import dev.pukara.kernels.BlockFormat;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * How a written model stores its matrices; norms are F32 always.
 *
 * @param linear the linear layers; empty: each as it is in the source
 * @param embedding embedding and head; empty: each as it is in the source
 * @param down the down projections, which lose most; empty: as the other linear layers
 */
public record StorageTypes(
    Optional<BlockFormat> linear, Optional<BlockFormat> embedding, Optional<BlockFormat> down) {
  /** Every tensor as it is in the source. */
  public static final StorageTypes AS_SOURCE =
      new StorageTypes(Optional.empty(), Optional.empty(), Optional.empty());

  /** Checks that the formats can be written. */
  public StorageTypes {
    linear.ifPresent(StorageTypes::requireWritable);
    embedding.ifPresent(StorageTypes::requireWritable);
    down.ifPresent(StorageTypes::requireWritable);
  }

  /** One format for all matrices. */
  public static StorageTypes of(BlockFormat format) {
    return of(format, format);
  }

  /** One format for the linear layers and one for embedding and head. */
  public static StorageTypes of(BlockFormat linear, BlockFormat embedding) {
    return new StorageTypes(Optional.of(linear), Optional.of(embedding), Optional.empty());
  }

  private static void requireWritable(BlockFormat format) {
    if (!format.canEncode()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "type %s can be read but not written, expected one of %s",
              format,
              Arrays.stream(BlockFormat.values()).filter(BlockFormat::canEncode).toList()));
    }
  }

  /** The format asked for a tensor, by transformers' name. */
  Optional<BlockFormat> of(String name) {
    if (name.equals(LlamaTensors.EMBEDDING) || name.equals(LlamaTensors.HEAD)) {
      return embedding;
    }
    return name.endsWith(LlamaTensors.DOWN_PROJ) ? down.or(() -> linear) : linear;
  }
}
