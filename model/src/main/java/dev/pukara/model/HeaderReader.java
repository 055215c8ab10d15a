package dev.pukara.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Reads little-endian fields one after the other from a mapped header; every read is checked
 * against the end, and a failure says which field of which file at which offset.
 *
 * <p>Threads: one.
 */
final class HeaderReader {
  private static final ValueLayout.OfShort U16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String file;
  private final MemorySegment data;
  private long position;

  HeaderReader(String file, MemorySegment data) {
    this.file = file;
    this.data = data;
  }

  long position() {
    return position;
  }

  long remaining() {
    return data.byteSize() - position;
  }

  byte i8(String what) {
    return data.get(ValueLayout.JAVA_BYTE, take(1, what));
  }

  short i16(String what) {
    return data.get(U16, take(2, what));
  }

  int i32(String what) {
    return data.get(U32, take(4, what));
  }

  long u32(String what) {
    return Integer.toUnsignedLong(i32(what));
  }

  /** 64 bits as they are; a value above 2^63 comes out negative. */
  long i64(String what) {
    return data.get(U64, take(8, what));
  }

  /**
   * An unsigned 64-bit count, at most {@code max}; {@code max} says what the rest of the file
   * allows.
   */
  long count(String what, long max) {
    long at = position;
    long value = i64(what);
    if (value < 0 || value > max) {
      throw broken(
          at,
          String.format(
              Locale.ROOT,
              "%s is %s, expected at most %d",
              what,
              Long.toUnsignedString(value),
              max));
    }
    return value;
  }

  /** {@code [uint64] length, [bytes] UTF-8}. */
  String string(String what, long maxBytes) {
    long at = position;
    int length = (int) count("length of " + what, Math.min(maxBytes, Math.max(0, remaining() - 8)));
    byte[] bytes = data.asSlice(take(length, what), length).toArray(ValueLayout.JAVA_BYTE);
    String text = new String(bytes, StandardCharsets.UTF_8);
    if (text.indexOf('\uFFFD') >= 0 && !isUtf8(bytes)) {
      throw broken(at, what + " is not valid UTF-8");
    }
    return text;
  }

  private static boolean isUtf8(byte[] bytes) {
    try {
      // A fresh decoder reports malformed input, where new String() would replace it.
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private long take(long bytes, String what) {
    if (bytes > remaining()) {
      throw broken(
          position,
          String.format(
              Locale.ROOT,
              "the header ends within %s: %d bytes left, expected %d",
              what,
              remaining(),
              bytes));
    }
    long at = position;
    position += bytes;
    return at;
  }

  /** The failure at {@code at}. */
  FormatException broken(long at, String problem) {
    return FormatException.at(file, at, problem);
  }
}
