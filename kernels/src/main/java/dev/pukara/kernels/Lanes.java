package dev.pukara.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Locale;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The width of the machine's vectors, and loads and stores at raw addresses.
 *
 * <p>All memory is reached through one segment that spans the address space: it is a constant, so
 * that C2 drops its liveness check, and an address masked with {@link #ANY} is known to lie in it,
 * so that it drops the bounds check too. A tile of multiply-adds ({@link Tiles}) then runs at 98 %
 * of the peak rate, as fast as over heap arrays; with the check left in, at 92 % (Zen 4, 512 bits).
 * Nothing here checks anything: the doors of {@link Kernels} do.
 */
final class Lanes {
  /** System property for tests: 128, 256 or 512 bits instead of the machine's own width. */
  static final String BITS_PROPERTY = "pukara.vector.bits";

  static final VectorSpecies<Float> F = species();

  /** Floats in a vector. */
  static final int COUNT = F.length();

  /** Bytes of a vector. */
  static final long BYTES = F.vectorByteSize();

  /** Room for 24 accumulators: AVX-512 and AArch64 have 32 registers, AVX2 has 16. */
  static final boolean MANY_REGISTERS =
      F.vectorBitSize() == 512 || System.getProperty("os.arch").equals("aarch64");

  static final VectorSpecies<Integer> I = VectorSpecies.of(int.class, F.vectorShape());

  /** As many shorts as there are floats in a vector. */
  static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(16 * COUNT));

  /** No species has the 4 bytes that fill a 128-bit vector of ints. */
  private static final VectorSpecies<Byte> OCTETS =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, 8 * COUNT)));

  private static final IntVector IOTA = IntVector.zero(I).addIndex(1);
  private static final IntVector OCTET_SHIFTS = IOTA.and(3).mul(8);

  private static final VectorShuffle<Float> SWAP_8 = swap(8);
  private static final VectorShuffle<Float> SWAP_4 = swap(4);
  private static final VectorShuffle<Float> SWAP_2 = swap(2);
  private static final VectorShuffle<Float> SWAP_1 = swap(1);

  /** The address space. */
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  /** Mask that changes no address (they are below 2^57), but tells C2 that it is small. */
  static final long ANY = (1L << 62) - 1;

  static final ByteOrder ORDER = ByteOrder.nativeOrder();
  static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfByte I8 = ValueLayout.JAVA_BYTE;
  private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;

  private Lanes() {}

  private static VectorSpecies<Float> species() {
    int preferred = FloatVector.SPECIES_PREFERRED.vectorBitSize();
    int bits = Integer.getInteger(BITS_PROPERTY, Math.clamp(preferred, 128, 512));
    return switch (bits) {
      case 128 -> FloatVector.SPECIES_128;
      case 256 -> FloatVector.SPECIES_256;
      case 512 -> FloatVector.SPECIES_512;
      default ->
          throw new IllegalStateException(
              String.format(Locale.ROOT, "-D%s=%d: expected 128, 256 or 512", BITS_PROPERTY, bits));
    };
  }

  static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(F, ALL, address & ANY, ORDER);
  }

  static void store(long address, FloatVector vector) {
    vector.intoMemorySegment(ALL, address & ANY, ORDER);
  }

  /** The first {@code count} lanes from memory, the others zero; reads nothing behind them. */
  static FloatVector load(long address, int count) {
    return FloatVector.fromMemorySegment(F, ALL, address & ANY, ORDER, F.indexInRange(0, count));
  }

  /** Stores the first {@code count} lanes. */
  static void store(long address, FloatVector vector, int count) {
    vector.intoMemorySegment(ALL, address & ANY, ORDER, F.indexInRange(0, count));
  }

  static IntVector loadInts(long address) {
    return IntVector.fromMemorySegment(I, ALL, address & ANY, ORDER);
  }

  static void storeInts(long address, IntVector vector) {
    vector.intoMemorySegment(ALL, address & ANY, ORDER);
  }

  /** One float in all lanes. */
  static FloatVector splat(long address) {
    return FloatVector.broadcast(F, getFloat(address));
  }

  /** Stores the low bytes of {@link #COUNT} ints. */
  static void storeBytes(long address, IntVector ints) {
    if (COUNT == 4) {
      IntVector placed = ints.and(255).lanewise(VectorOperators.LSHL, OCTET_SHIFTS);
      ALL.set(I32, address & Long.MAX_VALUE, placed.reduceLanes(VectorOperators.OR));
      return;
    }
    ints.convertShape(VectorOperators.I2B, OCTETS, 0)
        .intoMemorySegment(ALL, address & Long.MAX_VALUE, ORDER);
  }

  /** Stores the low halves of {@link #COUNT} ints. */
  static void storeShorts(long address, IntVector ints) {
    ints.convertShape(VectorOperators.I2S, SHORTS, 0)
        .intoMemorySegment(ALL, address & Long.MAX_VALUE, ORDER);
  }

  static void putByte(long address, int value) {
    ALL.set(I8, address & Long.MAX_VALUE, (byte) value);
  }

  static void putShort(long address, short value) {
    ALL.set(I16, address & Long.MAX_VALUE, value);
  }

  static float getFloat(long address) {
    return ALL.get(F32, address & ANY);
  }

  static void putFloat(long address, float value) {
    ALL.set(F32, address & ANY, value);
  }

  static int getInt(long address) {
    return ALL.get(I32, address & ANY);
  }

  static void putInt(long address, int value) {
    ALL.set(I32, address & ANY, value);
  }

  static int getByte(long address) {
    return ALL.get(I8, address & ANY);
  }

  /** The f16 at {@code address}. */
  static float getHalf(long address) {
    return Float.float16ToFloat(ALL.get(I16, address & ANY));
  }

  /** {@link #COUNT} signed bytes, widened. */
  static IntVector signedBytes(long address) {
    if (COUNT == 4) {
      IntVector high = IntVector.broadcast(I, getInt(address));
      return high.lanewise(VectorOperators.LSHL, OCTET_SHIFTS.neg().add(24))
          .lanewise(VectorOperators.ASHR, 24);
    }
    return (IntVector) octets(address).convertShape(VectorOperators.B2I, I, 0);
  }

  /** {@link #COUNT} unsigned bytes, widened. */
  static IntVector unsignedBytes(long address) {
    if (COUNT == 4) {
      IntVector low = IntVector.broadcast(I, getInt(address));
      return low.lanewise(VectorOperators.LSHR, OCTET_SHIFTS).and(255);
    }
    return (IntVector) octets(address).convertShape(VectorOperators.ZERO_EXTEND_B2I, I, 0);
  }

  private static ByteVector octets(long address) {
    return ByteVector.fromMemorySegment(OCTETS, ALL, address & ANY, ORDER);
  }

  /** {@link #COUNT} unsigned shorts, widened. */
  static IntVector unsignedShorts(long address) {
    ShortVector shorts = ShortVector.fromMemorySegment(SHORTS, ALL, address & ANY, ORDER);
    return (IntVector) shorts.convertShape(VectorOperators.ZERO_EXTEND_S2I, I, 0);
  }

  /** Bit {@code i} of {@code bits} in lane {@code i}. */
  static IntVector bits(int bits) {
    return IntVector.broadcast(I, bits).lanewise(VectorOperators.LSHR, IOTA).and(1);
  }

  static FloatVector toFloats(IntVector ints) {
    return (FloatVector) ints.convert(VectorOperators.I2F, 0);
  }

  static void copy(long from, long to, long bytes) {
    MemorySegment.copy(ALL, from, ALL, to, bytes);
  }

  static void zero(long address, long bytes) {
    ALL.asSlice(address, bytes).fill((byte) 0);
  }

  private static VectorShuffle<Float> swap(int distance) {
    return VectorShuffle.fromOp(F, lane -> (lane ^ distance) % COUNT);
  }

  /**
   * The sum of the lanes, added pairwise: the same number every time. {@code reduceLanes} promises
   * no order, and the interpreter takes another one than C2 does, so that sums would change while a
   * program warms up.
   */
  static float sum(FloatVector lanes) {
    FloatVector sum = lanes;
    if (COUNT >= 16) {
      sum = sum.add(sum.rearrange(SWAP_8));
    }
    if (COUNT >= 8) {
      sum = sum.add(sum.rearrange(SWAP_4));
    }
    sum = sum.add(sum.rearrange(SWAP_2));
    return sum.add(sum.rearrange(SWAP_1)).lane(0);
  }
}
