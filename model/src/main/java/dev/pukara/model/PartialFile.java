package dev.pukara.model;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * A file written beside its place and moved there when it is complete, so that nobody ever sees
 * half a model. Closed without {@link #finish()}, it leaves nothing behind.
 *
 * <p>Threads: one.
 */
final class PartialFile implements Closeable {
  private static final int BUFFER_BYTES = 4 << 20;

  private final Path target;
  private final Path partial;
  private final FileChannel channel;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment buffer = arena.allocate(BUFFER_BYTES, 64);
  private int buffered;
  private long position;

  PartialFile(Path target) throws IOException {
    this.target = target;
    // Random, since containers that share a directory share process ids too.
    String name = MappedFile.name(target) + "." + UUID.randomUUID() + ".partial";
    this.partial = target.resolveSibling(name);
    this.channel =
        FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  long position() {
    return position;
  }

  void write(byte[] bytes) throws IOException {
    flush();
    writeAll(ByteBuffer.wrap(bytes));
    position += bytes.length;
  }

  void pad(long alignment) throws IOException {
    write(new byte[(int) ((alignment - position % alignment) % alignment)]);
  }

  /** Writes all rows of a tensor. */
  void write(TensorContent tensor) throws IOException {
    long rowBytes = tensor.rowBytes();
    if (rowBytes > BUFFER_BYTES) {
      throw new IOException(
          tensor.name() + ": a row of " + rowBytes + " bytes, expected at most " + BUFFER_BYTES);
    }
    for (int row = 0; row < tensor.rowCount(); row++) {
      if (buffered + rowBytes > BUFFER_BYTES) {
        flush();
      }
      tensor.rows().read(row, buffer.asSlice(buffered, rowBytes));
      buffered += (int) rowBytes;
      position += rowBytes;
    }
  }

  private void flush() throws IOException {
    writeAll(buffer.asSlice(0, buffered).asByteBuffer());
    buffered = 0;
  }

  private void writeAll(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Moves the complete file to its place, over what was there. */
  void finish() throws IOException {
    flush();
    // On the disk before it has the name: a crash leaves the old file or the new one.
    channel.force(true);
    channel.close();
    Files.move(
        partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void close() throws IOException {
    channel.close();
    arena.close();
    Files.deleteIfExists(partial);
  }
}
