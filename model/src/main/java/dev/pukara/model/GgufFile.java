package dev.pukara.model;

import dev.pukara.kernels.BlockFormat;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;

/**
 * A parsed GGUF file, version 3, little-endian. All fields lie one after the other:
 *
 * <pre>
 * [4 bytes] magic "GGUF"
 * [uint32]  version, 3
 * [uint64]  tensorCount
 * [uint64]  metadataCount
 * metadataCount times:
 *   [string] key                   at most 65,535 bytes
 *   [uint32] type                  number of a {@link GgufType}
 *   [value]  by type: numbers as they are, bool one byte 0 or 1, string, or array:
 *            [uint32] element type, [uint64] length, length values
 * tensorCount times:
 *   [string] name                  at most 64 bytes
 *   [uint32] dimensions            1 to 4
 *   [uint64] size[dimensions]      innermost first
 *   [uint32] format                ggml's number of a {@link BlockFormat}
 *   [uint64] offset                from the start of the data, a multiple of the alignment
 * padding to the alignment         general.alignment, 32 if not given
 * data
 *
 * string: [uint64] length, [bytes] UTF-8
 * </pre>
 *
 * Source: <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">the GGUF
 * specification</a>. Nothing of the file is believed: counts, lengths and offsets are held against
 * what is left of it, and the header's strings and arrays against named limits, so that a broken
 * file costs neither time nor memory.
 *
 * @param metadata key/value pairs in file order
 * @param tensors tensors by their names in the file, in file order
 */
record GgufFile(
    SequencedMap<String, GgufValue> metadata, SequencedMap<String, StoredTensor> tensors) {
  static final int MAGIC = 0x46554747;
  static final int VERSION = 3;
  static final int ALIGNMENT_DEFAULT = 32;
  static final int NAME_BYTES_MAX = 64;

  /** Limits of ours: ten times what the largest known Llama vocabulary needs. */
  static final long HEADER_BYTES_MAX = 256L << 20;

  private static final long STRING_BYTES_MAX = 16L << 20;
  private static final long ELEMENTS_MAX = 4L << 20;
  private static final int KEYS_MAX = 65_536;
  private static final int TENSORS_MAX = 65_536;
  private static final int KEY_BYTES_MAX = 65_535;
  private static final int NESTING_MAX = 4;
  private static final long ALIGNMENT_MAX = 1L << 20;

  /** Parses the header; tensors become slices of {@code data}. */
  static GgufFile parse(String file, MemorySegment data) {
    return new Parser(file, data).parse();
  }

  private static final class Parser {
    private final String file;
    private final MemorySegment data;
    private final HeaderReader in;
    private long elements;

    Parser(String file, MemorySegment data) {
      this.file = file;
      this.data = data;
      this.in =
          new HeaderReader(file, data.asSlice(0, Math.min(data.byteSize(), HEADER_BYTES_MAX)));
    }

    GgufFile parse() {
      version();
      long tensorCount = in.count("tensorCount", TENSORS_MAX);
      long keyCount = in.count("metadataCount", KEYS_MAX);
      SequencedMap<String, GgufValue> metadata = new LinkedHashMap<>();
      for (long i = 0; i < keyCount; i++) {
        keyValue(metadata);
      }
      long alignment = alignment(metadata);
      List<Entry> entries = new ArrayList<>();
      for (long i = 0; i < tensorCount; i++) {
        entries.add(entry());
      }
      long start = (in.position() + alignment - 1) / alignment * alignment;
      SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
      for (Entry entry : entries) {
        if (tensors.put(entry.name, tensor(entry, start, alignment)) != null) {
          throw in.broken(entry.at, "a second tensor named " + entry.name);
        }
      }
      return new GgufFile(
          Collections.unmodifiableSequencedMap(metadata),
          Collections.unmodifiableSequencedMap(tensors));
    }

    private void version() {
      if (in.i32("magic") != MAGIC) {
        throw in.broken(0, "not a GGUF file, expected the letters GGUF");
      }
      int version = in.i32("version");
      if (version == Integer.reverseBytes(VERSION)) {
        throw new FormatException(
            file
                + " @4: GGUF in big-endian order, expected little-endian; convert it with"
                + " gguf-convert-endian of the gguf package");
      }
      if (version != VERSION) {
        throw new FormatException(
            String.format(
                Locale.ROOT,
                "%s @4: GGUF version %d, expected %d; convert the model again with a current"
                    + " llama.cpp",
                file,
                version,
                VERSION));
      }
    }

    private void keyValue(SequencedMap<String, GgufValue> metadata) {
      long at = in.position();
      String key = in.string("a metadata key", KEY_BYTES_MAX);
      GgufType type = type(key);
      if (metadata.put(key, new GgufValue(type, value(type, key, 0))) != null) {
        throw in.broken(at, "a second metadata key " + key);
      }
    }

    private GgufType type(String key) {
      long at = in.position();
      long id = in.u32("type of " + key);
      return GgufType.ofId(id)
          .orElseThrow(() -> in.broken(at, "type of " + key + " is " + id + ", expected 0 to 12"));
    }

    private Object value(GgufType type, String key, int depth) {
      return switch (type) {
        case UINT8 -> Byte.toUnsignedLong(in.i8(key));
        case INT8 -> (long) in.i8(key);
        case UINT16 -> Short.toUnsignedLong(in.i16(key));
        case INT16 -> (long) in.i16(key);
        case UINT32 -> in.u32(key);
        case INT32 -> (long) in.i32(key);
        case FLOAT32 -> Float.intBitsToFloat(in.i32(key));
        case BOOL -> bool(key);
        case STRING -> in.string(key, STRING_BYTES_MAX);
        case ARRAY -> array(key, depth);
        case UINT64 -> unsigned(in.i64(key));
        case INT64 -> in.i64(key);
        case FLOAT64 -> Double.longBitsToDouble(in.i64(key));
      };
    }

    private boolean bool(String key) {
      long at = in.position();
      int value = in.i8(key);
      if (value != 0 && value != 1) {
        throw in.broken(at, key + " is the bool " + value + ", expected 0 or 1");
      }
      return value == 1;
    }

    private static Object unsigned(long bits) {
      return bits >= 0 ? (Object) bits : new BigInteger(Long.toUnsignedString(bits));
    }

    private GgufValue.Array array(String key, int depth) {
      if (depth == NESTING_MAX) {
        throw in.broken(
            in.position(), key + " nests arrays deeper than " + NESTING_MAX + ", expected fewer");
      }
      GgufType element = type(key);
      long left = Math.max(0, in.remaining() - 8) / element.minBytes();
      int length = (int) in.count("length of " + key, Math.min(left, ELEMENTS_MAX - elements));
      elements += length;
      List<Object> values = new ArrayList<>(length);
      for (int i = 0; i < length; i++) {
        values.add(value(element, key, depth + 1));
      }
      return new GgufValue.Array(element, Collections.unmodifiableList(values));
    }

    private long alignment(SequencedMap<String, GgufValue> metadata) {
      GgufValue value = metadata.get("general.alignment");
      if (value == null) {
        return ALIGNMENT_DEFAULT;
      }
      if (value.value() instanceof Long alignment
          && alignment > 0
          && alignment <= ALIGNMENT_MAX
          && alignment % 8 == 0) {
        return alignment;
      }
      throw new FormatException(
          String.format(
              Locale.ROOT,
              "%s: general.alignment is %s, expected a multiple of 8 up to %d; %s",
              file,
              value.plain(),
              ALIGNMENT_MAX,
              FormatException.FETCH_AGAIN));
    }

    private Entry entry() {
      long at = in.position();
      String name = in.string("a tensor's name", NAME_BYTES_MAX);
      long dimensionsAt = in.position();
      long dimensions = in.u32("dimensions of " + name);
      if (dimensions < 1 || dimensions > 4) {
        throw in.broken(dimensionsAt, name + " has " + dimensions + " dimensions, expected 1 to 4");
      }
      long[] shape = new long[(int) dimensions];
      for (int i = shape.length - 1; i >= 0; i--) {
        long sizeAt = in.position();
        shape[i] = in.count("size of " + name, Integer.MAX_VALUE);
        if (shape[i] == 0) {
          throw in.broken(sizeAt, name + " has a size of 0, expected at least 1");
        }
      }
      return new Entry(at, name, shape, format(name), in.i64("offset of " + name));
    }

    private BlockFormat format(String name) {
      long at = in.position();
      int id = in.i32("format of " + name);
      return BlockFormat.ofId(id)
          .orElseThrow(
              () ->
                  new FormatException(
                      String.format(
                          Locale.ROOT,
                          "%s @%d: %s has ggml type %d, expected one of %s; quantise the model"
                              + " to one of these",
                          file,
                          at,
                          name,
                          id,
                          List.of(BlockFormat.values()))));
    }

    private StoredTensor tensor(Entry entry, long start, long alignment) {
      long dataBytes = Math.max(0, data.byteSize() - start);
      long bytes =
          StoredTensor.bytes(entry.format, entry.shape)
              .orElseThrow(
                  () ->
                      in.broken(
                          entry.at,
                          String.format(
                              Locale.ROOT,
                              "%s has shape %s, expected rows of a multiple of %d values for %s",
                              entry.name,
                              Arrays.toString(entry.shape),
                              entry.format.blockValues(),
                              entry.format)));
      if (entry.offset < 0 || entry.offset % alignment != 0) {
        throw in.broken(
            entry.at,
            String.format(
                Locale.ROOT,
                "%s starts at %s, expected a multiple of %d",
                entry.name,
                Long.toUnsignedString(entry.offset),
                alignment));
      }
      if (bytes > dataBytes || entry.offset > dataBytes - bytes) {
        throw in.broken(
            entry.at,
            String.format(
                Locale.ROOT,
                "%s takes bytes %d to %s of the data, expected them within its %d",
                entry.name,
                entry.offset,
                Long.toUnsignedString(entry.offset + bytes),
                dataBytes));
      }
      TensorInfo info = new TensorInfo(entry.name, entry.format, entry.shape, bytes);
      return new StoredTensor(info, data.asSlice(start + entry.offset, bytes));
    }

    /** A tensor's description. @param shape rows first */
    private record Entry(long at, String name, long[] shape, BlockFormat format, long offset) {}
  }
}
