package dev.pukara.model;

import dev.pukara.kernels.BlockFormat;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SequencedMap;
import tools.jackson.databind.JsonNode;

/**
 * A parsed safetensors file:
 *
 * <pre>
 * [uint64] headerBytes
 * [bytes]  header, JSON: {"NAME": {"dtype": "F32"|"F16"|"BF16"|..., "shape": [rows, cols],
 *          "data_offsets": [begin, end]}, ..., "__metadata__": {"KEY": "string", ...}}
 * data     tensors, row-major, little-endian; offsets count from here and leave no gap
 * </pre>
 *
 * Source: <a href="https://huggingface.co/docs/safetensors/index#format">the safetensors
 * format</a>.
 */
final class SafetensorsFile {
  /** A limit of ours; a header takes about 120 bytes a tensor. */
  private static final long HEADER_BYTES_MAX = 16L << 20;

  static final String METADATA = "__metadata__";

  private SafetensorsFile() {}

  private record Entry(TensorInfo info, long begin, long end) {}

  /** The file's tensors by name, in the order of their data. */
  static SequencedMap<String, StoredTensor> parse(String file, MemorySegment data) {
    long headerBytes = headerBytes(file, data);
    JsonFields header = header(file, data);
    List<Entry> entries = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : header.node().properties()) {
      if (!field.getKey().equals(METADATA)) {
        entries.add(entry(field.getKey(), header.object(field.getKey())));
      }
    }
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long start = 8 + headerBytes;
    long end = 0;
    SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (Entry entry : entries) {
      if (entry.begin != end || entry.end > data.byteSize() - start) {
        throw FormatException.at(
            file,
            start,
            String.format(
                Locale.ROOT,
                "%s takes bytes %d to %d of the data, expected them from %d and within its %d",
                entry.info.name(),
                entry.begin,
                entry.end,
                end,
                data.byteSize() - start));
      }
      end = entry.end;
      tensors.put(
          entry.info.name(),
          new StoredTensor(entry.info, data.asSlice(start + entry.begin, entry.info.bytes())));
    }
    if (end != data.byteSize() - start) {
      throw FormatException.at(
          file,
          start,
          data.byteSize() - start + " bytes of data, expected " + end + " for the tensors");
    }
    return tensors;
  }

  /** The strings that a file carries beside its tensors. */
  static Map<String, String> metadata(String file, MemorySegment data) {
    JsonFields header = header(file, data);
    Map<String, String> strings = new LinkedHashMap<>();
    if (header.node().has(METADATA)) {
      JsonFields metadata = header.object(METADATA);
      for (String key : metadata.node().propertyNames()) {
        strings.put(key, metadata.string(key));
      }
    }
    return strings;
  }

  private static long headerBytes(String file, MemorySegment data) {
    return new HeaderReader(file, data)
        .count("headerBytes", Math.min(HEADER_BYTES_MAX, Math.max(0, data.byteSize() - 8)));
  }

  private static JsonFields header(String file, MemorySegment data) {
    byte[] json = data.asSlice(8, headerBytes(file, data)).toArray(ValueLayout.JAVA_BYTE);
    return JsonFields.parse(file, json);
  }

  private static Entry entry(String name, JsonFields fields) {
    long[] shape = sizes(fields, "shape");
    long[] offsets = sizes(fields, "data_offsets");
    if (offsets.length != 2) {
      throw fields.broken(name + " has " + offsets.length + " data_offsets, expected 2");
    }
    BlockFormat format = format(name, fields);
    OptionalLong bytes = StoredTensor.bytes(format, shape);
    if (bytes.isEmpty() || offsets[1] - offsets[0] != bytes.getAsLong()) {
      throw fields.broken(
          String.format(
              Locale.ROOT,
              "%s takes %d bytes, expected as many as %s values of shape %s take",
              name,
              offsets[1] - offsets[0],
              format,
              Arrays.toString(shape)));
    }
    return new Entry(
        new TensorInfo(name, format, shape, bytes.getAsLong()), offsets[0], offsets[1]);
  }

  private static BlockFormat format(String name, JsonFields fields) {
    String dtype = fields.string("dtype");
    return switch (dtype) {
      case "F32" -> BlockFormat.F32;
      case "F16" -> BlockFormat.F16;
      case "BF16" -> BlockFormat.BF16;
      default ->
          throw new FormatException(
              String.format(
                  Locale.ROOT,
                  "%s: tensor %s is %s, expected F32, F16 or BF16;"
                      + " use the checkpoint that is not quantised",
                  fields.file(),
                  name,
                  dtype));
    };
  }

  private static long[] sizes(JsonFields fields, String key) {
    if (!fields.node().has(key)) {
      throw fields.missing(key);
    }
    return fields.elements(key).stream()
        .mapToLong(
            element -> {
              if (!element.isIntegralNumber()
                  || !element.canConvertToLong()
                  || element.longValue() < 0) {
                throw fields.unexpected(key, element, "integers from 0");
              }
              return element.longValue();
            })
        .toArray();
  }
}
