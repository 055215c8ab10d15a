package dev.pukara.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loads and stores of a row whose values are f32 or bf16, computed on as f32. {@code bf16} does not
 * change within a loop, so that C2 takes the question out of it.
 */
final class ElementLanes {
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(16 * Lanes.COUNT));

  private ElementLanes() {}

  /** Values {@code j..j + Lanes.COUNT} of the row. */
  static FloatVector load(boolean bf16, long row, int j) {
    if (!bf16) {
      return Lanes.load(row + 4L * j);
    }
    ShortVector shorts =
        ShortVector.fromMemorySegment(SHORTS, Lanes.ALL, row + 2L * j & Lanes.ANY, Lanes.ORDER);
    return widen(shorts);
  }

  /** Values {@code j..n} of the row, fewer than {@link Lanes#COUNT}, then zeros. */
  static FloatVector load(boolean bf16, long row, int j, int n) {
    if (!bf16) {
      return Lanes.load(row + 4L * j, n - j);
    }
    ShortVector shorts =
        ShortVector.fromMemorySegment(
            SHORTS, Lanes.ALL, row + 2L * j & Lanes.ANY, Lanes.ORDER, SHORTS.indexInRange(j, n));
    return widen(shorts);
  }

  /** Stores values {@code j..j + Lanes.COUNT} of the row. */
  static void store(boolean bf16, long row, int j, FloatVector values) {
    if (bf16) {
      narrow(values).intoMemorySegment(Lanes.ALL, row + 2L * j & Lanes.ANY, Lanes.ORDER);
    } else {
      Lanes.store(row + 4L * j, values);
    }
  }

  /** Stores values {@code j..n} of the row, fewer than {@link Lanes#COUNT}. */
  static void store(boolean bf16, long row, int j, int n, FloatVector values) {
    if (bf16) {
      narrow(values)
          .intoMemorySegment(
              Lanes.ALL, row + 2L * j & Lanes.ANY, Lanes.ORDER, SHORTS.indexInRange(j, n));
    } else {
      Lanes.store(row + 4L * j, values, n - j);
    }
  }

  private static FloatVector widen(ShortVector shorts) {
    IntVector bits = (IntVector) shorts.convertShape(VectorOperators.ZERO_EXTEND_S2I, Lanes.I, 0);
    return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  /** Rounds to nearest, ties to even; the NaNs that computing yields stay NaNs. */
  private static ShortVector narrow(FloatVector values) {
    IntVector bits = values.reinterpretAsInts();
    IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
    IntVector rounded = bits.add(odd).add(0x7fff).lanewise(VectorOperators.LSHR, 16);
    return (ShortVector) rounded.convertShape(VectorOperators.I2S, SHORTS, 0);
  }
}
