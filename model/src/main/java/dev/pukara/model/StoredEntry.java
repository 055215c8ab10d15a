package dev.pukara.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A file inside a jar, as {@code lib/starter.jar!/dev/pukara/guard.gguf} names it. An entry that is
 * stored, not compressed, is mapped where it lies: nothing is unpacked. Jars may lie in jars.
 *
 * <p>Of the zip format (PKWARE APPNOTE 6.3.10, all numbers little-endian) this reads the end record
 * (4.3.16), the central directory (4.3.12) and one local header (4.3.7). The JDK's own reader does
 * not tell where an entry's bytes begin.
 *
 * @param archive the jar on the disk
 * @param names one entry for each jar inside the other, outermost first
 */
record StoredEntry(Path archive, List<String> names) {
  private static final Pattern ARCHIVE = Pattern.compile(".*\\.(jar|war|zip)!");

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int END = 0x06054b50;
  private static final int END_BYTES = 22;
  private static final int COMMENT_MAX = 0xffff;
  private static final int DIRECTORY = 0x02014b50;
  private static final int DIRECTORY_BYTES = 46;
  private static final int LOCAL = 0x04034b50;
  private static final int LOCAL_BYTES = 30;
  private static final int STORED = 0;

  /** What a path names, if one of its parts ends with {@code !}. */
  static Optional<StoredEntry> of(Path path) {
    Path archive = path.isAbsolute() ? path.getRoot() : Path.of("");
    List<String> names = new ArrayList<>();
    StringBuilder inside = new StringBuilder();
    boolean within = false;
    for (Path part : path) {
      String name = part.toString();
      boolean jar = ARCHIVE.matcher(name).matches();
      String plain = jar ? name.substring(0, name.length() - 1) : name;
      if (within) {
        inside.append(inside.isEmpty() ? "" : "/").append(plain);
      } else {
        archive = archive.resolve(plain);
      }
      if (jar) {
        if (within) {
          names.add(inside.toString());
          inside.setLength(0);
        }
        within = true;
      }
    }
    if (inside.isEmpty()) {
      return Optional.empty();
    }
    names.add(inside.toString());
    return Optional.of(new StoredEntry(archive, List.copyOf(names)));
  }

  /**
   * The entry's bytes until {@code arena} closes.
   *
   * @throws FormatException if there is no such entry or it is compressed
   */
  MemorySegment map(Arena arena) throws IOException {
    MemorySegment data = MappedFile.whole(archive, arena);
    String jar = MappedFile.name(archive);
    for (String name : names) {
      try {
        data = new Zip(jar, data).stored(name);
      } catch (IndexOutOfBoundsException e) {
        throw new FormatException(jar + ": cut off; " + FormatException.FETCH_AGAIN, e);
      }
      jar += "!/" + name;
    }
    return data;
  }

  /** A jar's bytes. */
  private record Zip(String jar, MemorySegment data) {
    MemorySegment stored(String name) {
      long end = end();
      long directoryBytes = unsigned(end + 12);
      // Whatever stands before the first entry (a shell script) moves every offset.
      long shift = end - directoryBytes - unsigned(end + 16);
      long at = end - directoryBytes;
      while (at < end && data.get(INT, at) == DIRECTORY) {
        int nameBytes = small(at + 28);
        if (name.equals(text(at + DIRECTORY_BYTES, nameBytes))) {
          return content(name, at, shift);
        }
        at += DIRECTORY_BYTES + nameBytes + small(at + 30) + small(at + 32);
      }
      throw new FormatException(jar + ": no entry " + name);
    }

    private long end() {
      long first = Math.max(0, data.byteSize() - END_BYTES - COMMENT_MAX);
      for (long at = data.byteSize() - END_BYTES; at >= first; at--) {
        if (data.get(INT, at) == END && at + END_BYTES + small(at + 20) == data.byteSize()) {
          return at;
        }
      }
      throw new FormatException(
          jar + ": no end record, expected a jar; " + FormatException.FETCH_AGAIN);
    }

    private MemorySegment content(String name, long entry, long shift) {
      int method = small(entry + 10);
      if (method != STORED) {
        throw new FormatException(
            jar
                + ": entry "
                + name
                + " is compressed (method "
                + method
                + "), expected it stored; pack it without compression, or unpack it");
      }
      long local = unsigned(entry + 42) + shift;
      if (data.get(INT, local) != LOCAL) {
        throw FormatException.at(jar, local, "no local header of " + name);
      }
      long begin = local + LOCAL_BYTES + small(local + 26) + small(local + 28);
      return data.asSlice(begin, unsigned(entry + 24));
    }

    private long unsigned(long at) {
      return Integer.toUnsignedLong(data.get(INT, at));
    }

    private int small(long at) {
      return Short.toUnsignedInt(data.get(SHORT, at));
    }

    private String text(long at, int bytes) {
      byte[] name = data.asSlice(at, bytes).toArray(ValueLayout.JAVA_BYTE);
      return new String(name, StandardCharsets.UTF_8);
    }
  }
}
