package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Golden files: made by {@code scripts/golden_blocks.py}, which says how. */
class BlockFormatTest {

  @ParameterizedTest
  @EnumSource(
      value = BlockFormat.class,
      mode = Mode.EXCLUDE,
      names = {"F32", "F16", "BF16"})
  void readsBlocksAsGgmlDoes(BlockFormat format) throws IOException {
    byte[] blocks = bytes(format + ".blocks");
    float[] expected = floats(format + ".values");
    assertThat(blocks).hasSize((int) format.bytesOf(expected.length));
    float[] values = decode(format, blocks, 0, expected.length);
    for (int i = 0; i < values.length; i++) {
      // The oracle sums scale * q and min in its own order: one rounding may differ.
      float tolerance = Math.max(Math.ulp(expected[i]), 1e-8f);
      assertThat(Math.abs(values[i] - expected[i]))
          .as("%s value %d: %s, expected %s", format, i, values[i], expected[i])
          .isLessThanOrEqualTo(tolerance);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = BlockFormat.class,
      names = {"F16", "BF16", "Q8_0", "Q5_0", "Q4_1", "Q4_0"})
  void writesBlocksAsGgmlDoes(BlockFormat format) throws IOException {
    float[] values = floats("input.values");
    assertThat(encode(format, values)).isEqualTo(bytes(format + ".encoded"));
  }

  @ParameterizedTest
  @EnumSource(
      value = BlockFormat.class,
      names = {"Q8_0", "Q5_0", "Q4_0"})
  void codesAreReadBack(BlockFormat format) {
    int[] codes = new int[32];
    for (int i = 0; i < 32; i++) {
      codes[i] = format.codeMin() + i * (format.codeMax() - format.codeMin()) / 31;
    }
    byte[] row = new byte[2 * format.blockBytes()];
    format.encodeCodes(0.25f, codes, MemorySegment.ofArray(row), 1);
    float[] values = decode(format, row, 32, 32);
    for (int i = 0; i < 32; i++) {
      assertThat(values[i]).isEqualTo(0.25f * codes[i]);
    }
  }

  @ParameterizedTest
  @EnumSource(BlockFormat.class)
  void readsAnyRunOfBlocksIntoAnyPlace(BlockFormat format) {
    int block = format.blockValues();
    int count = 5 * block;
    Random random = new Random(7);
    byte[] row = new byte[(int) format.bytesOf(count)];
    random.nextBytes(row);
    float[] all = decode(format, row, 0, count);
    float[] target = new float[count + 3];
    format.decode(
        MemorySegment.ofArray(row), 2 * block, 2 * block, MemorySegment.ofArray(target), 4L * 3);
    assertThat(Arrays.copyOfRange(target, 3, 3 + 2 * block))
        .containsExactly(Arrays.copyOfRange(all, 2 * block, 4 * block));
    assertThat(Arrays.copyOfRange(target, 3 + 2 * block, target.length)).containsOnly(0f);
  }

  @ParameterizedTest
  @EnumSource(BlockFormat.class)
  void writesWhatItSaysItCanWriteAndReadsItBack(BlockFormat format) {
    Random random = new Random(11);
    float[] values = new float[4 * 256];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    if (!format.canEncode()) {
      assertThatThrownBy(() -> encode(format, values))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining(format.name());
      return;
    }
    float[] back = decode(format, encode(format, values), 0, values.length);
    double error = 0;
    double power = 0;
    for (int i = 0; i < values.length; i++) {
      error += Math.pow(back[i] - values[i], 2);
      power += Math.pow(values[i], 2);
    }
    double bound =
        switch (format) {
          case F32 -> 0;
          case F16 -> 3e-4;
          case BF16 -> 2.5e-3;
          case Q8_0 -> 7e-3;
          case Q5_0 -> 0.05;
          default -> 0.1;
        };
    assertThat(Math.sqrt(error / power)).isLessThanOrEqualTo(bound);
  }

  @Test
  void roundsBf16ToNearestEvenAndKeepsNan() {
    assertThat(Blocks.floatToBf16(1.00390625f)).isEqualTo((short) 0x3f80);
    assertThat(Blocks.floatToBf16(1.01171875f)).isEqualTo((short) 0x3f82);
    assertThat(Blocks.floatToBf16(Float.MAX_VALUE)).isEqualTo((short) 0x7f80);
    float narrowNan = Float.intBitsToFloat(0x7f800001);
    assertThat(Blocks.bf16ToFloat(Blocks.floatToBf16(narrowNan))).isNaN();
  }

  @Test
  void findsFormatsByTheirNumber() {
    for (BlockFormat format : BlockFormat.values()) {
      assertThat(BlockFormat.ofId(format.id())).contains(format);
    }
    assertThat(BlockFormat.ofId(4)).isEmpty();
  }

  @Test
  void refusesBrokenBlocksAndShortMemory() {
    MemorySegment row = MemorySegment.ofArray(new byte[34]);
    MemorySegment target = MemorySegment.ofArray(new float[32]);
    assertThatThrownBy(() -> BlockFormat.Q8_0.decode(row, 0, 31, target, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("blocks of 32");
    assertThatThrownBy(() -> BlockFormat.Q8_0.decode(row, 0, 64, target, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> BlockFormat.Q8_0.decode(row, 0, 32, target, 4))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> BlockFormat.Q8_0.encode(target, 0, 64, row))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  private static float[] decode(BlockFormat format, byte[] row, int from, int count) {
    float[] values = new float[count];
    format.decode(MemorySegment.ofArray(row), from, count, MemorySegment.ofArray(values), 0);
    return values;
  }

  private static byte[] encode(BlockFormat format, float[] values) {
    byte[] row = new byte[(int) format.bytesOf(values.length)];
    format.encode(MemorySegment.ofArray(values), 0, values.length, MemorySegment.ofArray(row));
    return row;
  }

  private static float[] floats(String name) throws IOException {
    byte[] bytes = bytes(name);
    float[] values = new float[bytes.length / 4];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  private static byte[] bytes(String name) throws IOException {
    try (InputStream in = BlockFormatTest.class.getResourceAsStream("/blocks/" + name)) {
      assertThat(in).as("golden file %s", name).isNotNull();
      return in.readAllBytes();
    }
  }
}
