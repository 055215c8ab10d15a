package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Both kinds of row math against plain double arithmetic. Run once for each width of vectors. */
class RowMathTest {
  private static final long SEED = Long.getLong("pukara.test.seed", 20261124L);

  private final Random random = new Random(SEED);
  private Arena arena;

  @BeforeEach
  void openArena() {
    arena = Arena.ofConfined();
  }

  @AfterEach
  void closeArena() {
    arena.close();
  }

  static Stream<Arguments> cases() {
    return Stream.of(new PlainRowMath(), new VectorRowMath())
        .flatMap(
            math ->
                IntStream.of(1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 64, 65, 127, 200, 576, 1536)
                    .mapToObj(n -> Arguments.of(math, n)));
  }

  private Tensor gaussian(int n, float magnitude) {
    Tensor tensor = Tensor.allocate(arena, 1, (n + 63) / 64 * 64);
    for (int j = 0; j < n; j++) {
      tensor.set(0, j, magnitude * (float) random.nextGaussian());
    }
    return tensor;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void sumsAndMaxima(RowMath math, int n) {
    Tensor x = gaussian(n, 2);
    x.set(0, n / 2, -9);
    double squares = 0;
    double max = Double.NEGATIVE_INFINITY;
    for (int j = 0; j < n; j++) {
      squares += (double) x.get(0, j) * x.get(0, j);
      max = Math.max(max, x.get(0, j));
    }
    for (int j = n; j < x.cols(); j++) {
      x.set(0, j, 1e9f); // not part of the row
    }
    assertThat(math.squares(x.address(), n)).isCloseTo((float) squares, within(1e-3f));
    assertThat(math.max(x.address(), n)).isEqualTo((float) max);
    MemorySegment codes = arena.allocate(n, 64);
    assertThat(math.toU8(x.address(), n, codes.address())).isEqualTo(9);
    x.set(0, n - 1, Float.NaN);
    assertThat(math.toU8(x.address(), n, codes.address())).isNaN();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void scaling(RowMath math, int n) {
    Tensor x = gaussian(n, 2);
    Tensor gain = gaussian(n, 2);
    Tensor out = gaussian(n, 2);
    Tensor before = Tensor.of(arena, 1, out.cols(), out.toArray());
    math.scale(x.address(), 0.3f, n, out.address(), true);
    for (int j = 0; j < n; j++) {
      double expected = before.get(0, j) + x.get(0, j) * 0.3;
      assertThat(out.get(0, j)).isCloseTo((float) expected, within(1e-6f));
    }
    math.scale(x.address(), 0.3f, n, out.address(), false);
    for (int j = 0; j < n; j++) {
      assertThat(out.get(0, j)).isCloseTo(x.get(0, j) * 0.3f, within(1e-6f));
    }
    math.scale(x.address(), 0.3f, gain.address(), n, out.address());
    for (int j = 0; j < n; j++) {
      assertThat(out.get(0, j)).isCloseTo(x.get(0, j) * 0.3f * gain.get(0, j), within(4e-6f));
    }
    for (int j = n; j < out.cols(); j++) {
      assertThat(out.get(0, j)).isZero(); // nothing behind the row is touched
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void swiglu(RowMath math, int n) {
    for (float magnitude : new float[] {1e-3f, 2, 100}) {
      Tensor gate = gaussian(n, magnitude);
      Tensor up = gaussian(n, magnitude);
      Tensor out = gaussian(n, 1);
      math.swiglu(gate.address(), up.address(), n, out.address());
      for (int j = 0; j < n; j++) {
        double silu = gate.get(0, j) / (1 + Math.exp(-gate.get(0, j)));
        double expected = silu * up.get(0, j);
        assertThat((double) out.get(0, j))
            .as("silu(%s) * %s", gate.get(0, j), up.get(0, j))
            .isCloseTo(expected, within(1e-6 * Math.abs(expected) + 1e-30));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void powersOfTwo(RowMath math, int n) {
    int room = (n + 63) / 64 * 64;
    Tensor x = gaussian(n, 40);
    x.set(0, n / 2, -1e6f);
    float scale = 0.18f;
    int exponent = (int) Math.ceil(math.max(x.address(), n) * scale);
    double[] expected = new double[n];
    for (int j = 0; j < n; j++) {
      expected[j] = Math.pow(2, (double) scale * x.get(0, j) - exponent);
    }
    float[] bf16 = new float[room];
    float[] shifted = new float[room];
    Tensor f32 = Tensor.allocate(arena, 1, room);
    Tensor copy = Tensor.of(arena, 1, x.cols(), x.toArray());
    float bf16Sum = bf16Powers(math, copy, n, scale, exponent, bf16);
    copy = Tensor.of(arena, 1, x.cols(), x.toArray());
    bf16Powers(math, copy, n, scale, exponent + 5, shifted);
    float sum = math.powers(x.address(), n, room, scale, exponent, false, f32.address());
    double total = 0;
    double bf16Total = 0;
    for (int j = 0; j < room; j++) {
      double wanted = j < n ? expected[j] : 0;
      assertThat((double) f32.get(0, j)).isCloseTo(wanted, within(1e-5 * wanted + 1e-37));
      assertThat((double) bf16[j]).isCloseTo(wanted, within(wanted / 250 + 1e-37));
      if (wanted > 1e-30) {
        assertThat(shifted[j]).as("another exponent").isEqualTo(bf16[j] / 32);
      }
      total += f32.get(0, j);
      bf16Total += bf16[j];
    }
    assertThat((double) sum).isCloseTo(total, within(1e-6 * total));
    assertThat((double) bf16Sum).isCloseTo(bf16Total, within(1e-6 * bf16Total));
  }

  private float bf16Powers(
      RowMath math, Tensor x, int n, float scale, int exponent, float[] values) {
    MemorySegment out = arena.allocate(2L * values.length, 64).fill((byte) 0x33);
    float sum = math.powers(x.address(), n, values.length, scale, exponent, true, out.address());
    for (int j = 0; j < values.length; j++) {
      values[j] = Blocks.bf16ToFloat(out.getAtIndex(ValueLayout.JAVA_SHORT, j));
    }
    return sum;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void rotations(RowMath math, int n) {
    int half = Math.min(n, 512);
    int heads = 3;
    Tensor x = gaussian(2 * half * heads, 1);
    Tensor before = Tensor.of(arena, 1, x.cols(), x.toArray());
    Tensor angle = gaussian(half, 3);
    Tensor cos = gaussian(half, 1);
    Tensor sin = gaussian(half, 1);
    for (int j = 0; j < half; j++) {
      cos.set(0, j, (float) Math.cos(angle.get(0, j)));
      sin.set(0, j, (float) Math.sin(angle.get(0, j)));
    }
    math.rotate(x.address(), heads, half, cos.address(), sin.address());
    for (int i = 0; i < half * heads; i++) {
      int j = i % half;
      int at = 2 * half * (i / half) + j;
      double a = before.get(0, at);
      double b = before.get(0, at + half);
      double c = Math.cos(angle.get(0, j));
      double s = Math.sin(angle.get(0, j));
      assertThat((double) x.get(0, at)).isCloseTo(a * c - b * s, within(2e-6));
      assertThat((double) x.get(0, at + half)).isCloseTo(b * c + a * s, within(2e-6));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void narrowing(RowMath math, int n) {
    Tensor x = gaussian(n, 20);
    MemorySegment out = arena.allocate(2L * n + 64, 64).fill((byte) 0x33);
    x.set(0, 0, 100);
    math.toU8(x.address(), n, out.address());
    for (int j = 0; j < n; j++) {
      int code = out.get(ValueLayout.JAVA_BYTE, j) & 0xff;
      assertThat(code - 128.0).isCloseTo(x.get(0, j) * 1.27, within(0.5001));
    }
    assertThat(out.get(ValueLayout.JAVA_BYTE, n)).isEqualTo((byte) 0x33);
    x.set(0, n / 2, Float.NaN);
    math.toBf16(x.address(), n, out.address());
    for (int j = 0; j < n; j++) {
      short bits = out.getAtIndex(ValueLayout.JAVA_SHORT, j);
      assertThat(bits).isEqualTo(Blocks.floatToBf16(x.get(0, j)));
    }
    assertThat(out.getAtIndex(ValueLayout.JAVA_SHORT, n)).isEqualTo((short) 0x3333);
  }
}
