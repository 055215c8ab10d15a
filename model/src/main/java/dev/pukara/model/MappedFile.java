package dev.pukara.model;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** Maps files read-only. */
final class MappedFile {
  private MappedFile() {}

  /** The bytes of a file, or of an entry stored in a jar, until {@code arena} closes. */
  static MemorySegment map(Path path, Arena arena) throws IOException {
    Optional<StoredEntry> entry = StoredEntry.of(path);
    return entry.isPresent() ? entry.get().map(arena) : whole(path, arena);
  }

  /** The bytes of a file until {@code arena} closes. */
  static MemorySegment whole(Path path, Arena arena) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      return size == 0 ? MemorySegment.NULL : channel.map(MapMode.READ_ONLY, 0, size, arena);
    }
  }

  /** A file's name for messages. */
  static String name(Path path) {
    Path name = path.getFileName();
    return name == null ? path.toString() : name.toString();
  }
}
