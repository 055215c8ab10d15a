package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.kernels.BlockFormat;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {
  @TempDir Path temp;

  /** metadata.gguf was written by the gguf package. */
  @Test
  void readsMetadataOfEveryType() throws IOException {
    Map<String, Object> plain = new LinkedHashMap<>();
    parse(Golden.path("metadata.gguf"))
        .metadata()
        .forEach((key, value) -> plain.put(key, value.plain()));
    BigInteger largest = BigInteger.TWO.pow(64).subtract(BigInteger.ONE);
    assertThat(plain)
        .containsEntry("test.uint8", 255L)
        .containsEntry("test.uint8s", List.of(0L, 255L))
        .containsEntry("test.int8s", List.of(-128L, 127L))
        .containsEntry("test.uint16s", List.of(0L, 65_535L))
        .containsEntry("test.int16s", List.of(-32_768L, 32_767L))
        .containsEntry("test.uint32s", List.of(0L, 4_294_967_295L))
        .containsEntry("test.int32s", List.of(-2_147_483_648L, 2_147_483_647L))
        .containsEntry("test.uint64", largest)
        .containsEntry("test.uint64s", List.of(0L, largest))
        .containsEntry("test.int64s", List.of(Long.MIN_VALUE, Long.MAX_VALUE))
        .containsEntry("test.float32s", List.of(-1.5f, Float.POSITIVE_INFINITY))
        .containsEntry("test.float64s", List.of(0.1, -1e300))
        .containsEntry("test.bools", List.of(true, false))
        .containsEntry("test.strings", List.of("", "Gr\u00fc\u00dfe \ud83d\udc4b"))
        .containsEntry("test.nested", List.of(List.of(1L, 2L), List.of(3L)));
  }

  @Test
  void writesMetadataOfEveryTypeAsItWasRead() throws IOException {
    SequencedMap<String, GgufValue> metadata = parse(Golden.path("metadata.gguf")).metadata();
    Path copy = temp.resolve("copy.gguf");
    GgufWriter.write(copy, metadata, List.of());
    assertThat(parse(copy).metadata()).isEqualTo(metadata);
    // the gguf package pads and orders in the same way
    assertThat(Files.readAllBytes(copy))
        .startsWith(Files.readAllBytes(Golden.path("metadata.gguf")));
  }

  private static GgufFile parse(Path path) throws IOException {
    return GgufFile.parse("a.gguf", MemorySegment.ofArray(Files.readAllBytes(path)));
  }

  /** Writes fields one after the other. */
  private static final class Bytes {
    private final ByteBuffer out = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);

    Bytes header(long tensors, long keys) {
      return u32(GgufFile.MAGIC).u32(3).u64(tensors).u64(keys);
    }

    Bytes u32(int value) {
      out.putInt(value);
      return this;
    }

    Bytes u64(long value) {
      out.putLong(value);
      return this;
    }

    Bytes string(String text) {
      u64(text.length());
      out.put(text.getBytes(StandardCharsets.UTF_8));
      return this;
    }

    Bytes tensor(String name, BlockFormat format, long offset, long... innermostFirst) {
      string(name).u32(innermostFirst.length);
      for (long size : innermostFirst) {
        u64(size);
      }
      return u32(format.id()).u64(offset);
    }

    Bytes zeros(int count) {
      out.put(new byte[count]);
      return this;
    }

    GgufFile parse() {
      return GgufFile.parse("a.gguf", MemorySegment.ofBuffer(out.flip()));
    }
  }

  private static void fails(Bytes bytes, String message) {
    assertThatThrownBy(bytes::parse)
        .isInstanceOf(FormatException.class)
        .hasMessageStartingWith("a.gguf")
        .hasMessageContaining(message)
        .hasMessageContaining(";");
  }

  @Test
  void tensorsLieWhereTheirOffsetsSay() {
    GgufFile file =
        new Bytes()
            .header(2, 1)
            .string("general.alignment")
            .u32(GgufType.UINT32.id())
            .u32(64)
            .tensor("a", BlockFormat.Q8_0, 64, 32, 2)
            .tensor("b", BlockFormat.F32, 0, 3)
            .zeros(500)
            .parse();
    assertThat(file.tensors().get("a"))
        .satisfies(
            a -> {
              assertThat(a.info().shape()).containsExactly(2, 32);
              assertThat(a.data().byteSize()).isEqualTo(68);
            });
    // 24 + 33 bytes of metadata, 1 + 44 and 1 + 36 of tensors: 139, data from 192 on
    StoredTensor a = file.tensors().firstEntry().getValue();
    StoredTensor b = file.tensors().lastEntry().getValue();
    assertThat(a.data().address() - b.data().address()).isEqualTo(64);
  }

  @Test
  void countsAreHeldAgainstTheFile() {
    fails(new Bytes().header(0, 5).zeros(8), "@32: the header ends within");
    fails(new Bytes().header(-1, 0), "@8: tensorCount is 18446744073709551615, expected at most");
    fails(new Bytes().header(0, 1L << 40), "@16: metadataCount is 1099511627776");
    fails(
        new Bytes().header(0, 1).u64(1L << 50).zeros(50),
        "@24: length of a metadata key is 1125899906842624, expected at most 50");
    fails(
        new Bytes()
            .header(0, 1)
            .string("k")
            .u32(GgufType.ARRAY.id())
            .u32(GgufType.UINT64.id())
            .u64(11)
            .zeros(80),
        "@41: length of k is 11, expected at most 10");
  }

  @Test
  void typesAreKnownOnes() {
    fails(new Bytes().header(0, 1).string("k").u32(13), "@33: type of k is 13, expected 0 to 12");
    fails(
        new Bytes().header(0, 1).string("k").u32(GgufType.BOOL.id()).u32(2),
        "@37: k is the bool 2, expected 0 or 1");
    fails(
        new Bytes().header(1, 0).string("t").u32(1).u64(32).u32(20).u64(0).zeros(64),
        "t has ggml type 20, expected one of [F32");
    Bytes nested = new Bytes().header(0, 1).string("k").u32(GgufType.ARRAY.id());
    for (int i = 0; i < 5; i++) {
      nested.u32(GgufType.ARRAY.id()).u64(1);
    }
    fails(nested.zeros(40), "k nests arrays deeper than 4");
  }

  @Test
  void namesOccurOnceAndAreUtf8() {
    fails(
        new Bytes().header(0, 2).string("k").u32(0).zeros(1).string("k").u32(0).zeros(1),
        "a second metadata key k");
    fails(
        new Bytes()
            .header(2, 0)
            .tensor("t", BlockFormat.F32, 0, 1)
            .tensor("t", BlockFormat.F32, 0, 1)
            .zeros(64),
        "a second tensor named t");
    fails(new Bytes().header(0, 1).u64(2).u32(0xffff), "@24: a metadata key is not valid UTF-8");
  }

  @Test
  void tensorsAreHeldAgainstTheFile() {
    fails(
        new Bytes().header(1, 0).tensor("t", BlockFormat.F32, 0, 100).zeros(200),
        "t takes bytes 0 to 400 of the data, expected them within its 19");
    fails(
        new Bytes().header(1, 0).tensor("t", BlockFormat.F32, 8, 1).zeros(200),
        "t starts at 8, expected a multiple of 32");
    fails(
        new Bytes().header(1, 0).tensor("t", BlockFormat.F32, -32, 1).zeros(200),
        "t starts at 18446744073709551584");
    fails(
        new Bytes().header(1, 0).tensor("t", BlockFormat.F32, Long.MAX_VALUE - 31, 1).zeros(200),
        "t takes bytes 9223372036854775776 to 9223372036854775780");
    fails(
        new Bytes().header(1, 0).tensor("t", BlockFormat.Q8_0, 0, 33).zeros(200),
        "t has shape [33], expected rows of a multiple of 32 values for Q8_0");
    int huge = Integer.MAX_VALUE;
    fails(
        new Bytes().header(1, 0).tensor("t", BlockFormat.F32, 0, huge, huge, huge, huge).zeros(200),
        "t has shape [2147483647");
    fails(
        new Bytes().header(1, 0).tensor("t", BlockFormat.F32, 0, 0).zeros(200),
        "t has a size of 0");
    fails(
        new Bytes().header(1, 0).string("t").u32(5).zeros(200),
        "t has 5 dimensions, expected 1 to 4");
  }

  @Test
  void alignmentIsAMultipleOfEight() {
    fails(
        new Bytes().header(0, 1).string("general.alignment").u32(4).u32(12),
        "general.alignment is 12, expected a multiple of 8");
    fails(
        new Bytes().header(0, 1).string("general.alignment").u32(8).string("x"),
        "general.alignment is x");
  }

  @Test
  void bigEndianIsNamed() {
    assertThatThrownBy(() -> new Bytes().u32(GgufFile.MAGIC).u32(Integer.reverseBytes(3)).parse())
        .isInstanceOf(FormatException.class)
        .hasMessageContaining("@4: GGUF in big-endian order");
  }
}
