package dev.pukara.model;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;

/**
 * Writes GGUF files, version 3, little-endian, alignment 32; {@link GgufFile} tells the format. The
 * header is made in memory, tensors are streamed.
 */
final class GgufWriter {
  private final ByteArrayOutputStream header = new ByteArrayOutputStream();

  private GgufWriter() {}

  /**
   * Writes the file beside {@code target} and moves it there.
   *
   * @param metadata key/value pairs in the order of the file, without general.alignment
   * @param tensors tensors by GGUF's names, rows in GGUF's order
   */
  static void write(
      Path target, SequencedMap<String, GgufValue> metadata, List<TensorContent> tensors)
      throws IOException {
    byte[] header = new GgufWriter().header(metadata, tensors);
    try (PartialFile out = new PartialFile(target)) {
      out.write(header);
      out.pad(GgufFile.ALIGNMENT_DEFAULT);
      for (TensorContent tensor : tensors) {
        out.write(tensor);
        out.pad(GgufFile.ALIGNMENT_DEFAULT);
      }
      out.finish();
    }
  }

  private byte[] header(SequencedMap<String, GgufValue> metadata, List<TensorContent> tensors) {
    u32(GgufFile.MAGIC);
    u32(GgufFile.VERSION);
    u64(tensors.size());
    u64(metadata.size());
    metadata.forEach(
        (key, value) -> {
          string(key);
          u32(value.type().id());
          value(value.type(), value.value());
        });
    long offset = 0;
    for (TensorContent tensor : tensors) {
      string(tensor.name());
      u32(tensor.shape().length);
      for (int i = tensor.shape().length - 1; i >= 0; i--) {
        u64(tensor.shape()[i]);
      }
      u32(tensor.format().id());
      u64(offset);
      offset += tensor.bytes();
      offset +=
          (GgufFile.ALIGNMENT_DEFAULT - offset % GgufFile.ALIGNMENT_DEFAULT)
              % GgufFile.ALIGNMENT_DEFAULT;
    }
    return header.toByteArray();
  }

  private void value(GgufType type, Object value) {
    switch (type) {
      case UINT8, INT8 -> header.write(((Long) value).intValue());
      case UINT16, INT16 ->
          put(
              ByteBuffer.allocate(2)
                  .order(ByteOrder.LITTLE_ENDIAN)
                  .putShort(((Long) value).shortValue()));
      case UINT32, INT32 -> u32(((Long) value).intValue());
      case FLOAT32 -> u32(Float.floatToRawIntBits((Float) value));
      case BOOL -> header.write((Boolean) value ? 1 : 0);
      case STRING -> string((String) value);
      case ARRAY -> array((GgufValue.Array) value);
      case UINT64, INT64 -> u64(value instanceof BigInteger big ? big.longValue() : (Long) value);
      case FLOAT64 -> u64(Double.doubleToRawLongBits((Double) value));
    }
  }

  private void array(GgufValue.Array array) {
    u32(array.element().id());
    u64(array.values().size());
    for (Object element : array.values()) {
      value(array.element(), element);
    }
  }

  private void string(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    u64(bytes.length);
    header.writeBytes(bytes);
  }

  private void u32(int value) {
    put(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value));
  }

  private void u64(long value) {
    put(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value));
  }

  private void put(ByteBuffer bytes) {
    header.writeBytes(bytes.array());
  }
}
