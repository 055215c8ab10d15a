package dev.pukara.model;

import dev.pukara.kernels.Weights;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of an opened model by transformers' names, given out as weights and vectors: what
 * both file formats share.
 *
 * @param file name for messages
 * @param byName tensors in file order
 */
record StoredTensors(String file, SequencedMap<String, StoredTensor> byName) {

  boolean has(String name) {
    return byName.containsKey(name);
  }

  /** The matrix {@code (rows, cols)}. @param rowOrder null or where each row is stored */
  Weights weights(String name, int rows, int cols, int @Nullable [] rowOrder) {
    StoredTensor tensor = require(name, rows, cols);
    Weights stored = Weights.of(tensor.info().format(), rows, cols, tensor.data());
    return rowOrder == null ? stored : stored.select(rowOrder);
  }

  /** The vector as f32. */
  float[] vector(String name, int length) {
    StoredTensor tensor = require(name, length);
    float[] values = new float[length];
    tensor.info().format().decode(tensor.data(), 0, length, MemorySegment.ofArray(values), 0);
    return values;
  }

  SequencedMap<String, TensorInfo> infos() {
    SequencedMap<String, TensorInfo> infos = new LinkedHashMap<>();
    byName.forEach((name, tensor) -> infos.put(name, tensor.info()));
    return infos;
  }

  private StoredTensor require(String name, long... shape) {
    StoredTensor tensor = byName.get(name);
    if (tensor == null) {
      throw new FormatException(file + ": no tensor " + name + "; " + FormatException.FETCH_AGAIN);
    }
    requireShape(file, tensor, shape);
    return tensor;
  }

  static void requireShape(String file, StoredTensor tensor, long... shape) {
    if (!Arrays.equals(tensor.info().shape(), shape)) {
      throw new FormatException(
          String.format(
              Locale.ROOT,
              "%s: tensor %s has shape %s, expected %s by the file's own configuration; %s",
              file,
              tensor.info().name(),
              Arrays.toString(tensor.info().shape()),
              Arrays.toString(shape),
              FormatException.FETCH_AGAIN));
    }
  }
}
