package dev.pukara.cache;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * One kept file. Little-endian:
 *
 * <pre>
 * [8 bytes] "PUKARA01"
 * [uint32]  headerCrc      CRC32C of the header behind this field
 * [uint32]  payloadCrc     CRC32C of the payload
 * [uint64]  payloadBytes
 * [uint32]  keyBytes, [keyBytes] key    (UTF-8)
 * [uint32]  labelBytes, [labelBytes] label    (UTF-8, for people)
 * zeros up to a multiple of 4,096
 * payload
 * </pre>
 */
final class CacheFile {
  static final String SUFFIX = ".bin";

  private static final byte[] MAGIC = "PUKARA01".getBytes(StandardCharsets.US_ASCII);
  private static final int CRC_AT = MAGIC.length;
  private static final int FIXED_BYTES = CRC_AT + 4 + 4 + 8 + 4 + 4;
  private static final int PAGE = 4096;
  private static final int HEADER_BYTES_MAX = 1 << 16;
  private static final int CHUNK_BYTES = 16 << 20;

  /** What the header says. */
  record Header(byte[] key, String label, int payloadCrc, long payloadBytes, int bytes) {}

  private CacheFile() {}

  /** The header, or empty if the file is none of ours or broken. */
  static Optional<Header> header(FileChannel channel) throws IOException {
    ByteBuffer start =
        ByteBuffer.allocate((int) Math.min(HEADER_BYTES_MAX, channel.size()))
            .order(ByteOrder.LITTLE_ENDIAN);
    while (start.hasRemaining() && channel.read(start, start.position()) > 0) {}
    start.flip();
    byte[] magic = new byte[MAGIC.length];
    if (start.remaining() < FIXED_BYTES || !Arrays.equals(MAGIC, read(start, magic))) {
      return Optional.empty();
    }
    int headerCrc = start.getInt();
    int payloadCrc = start.getInt();
    long payloadBytes = start.getLong();
    Optional<byte[]> key = counted(start);
    Optional<byte[]> label = key.isEmpty() ? key : counted(start);
    if (label.isEmpty()) {
      return Optional.empty();
    }
    int bytes = padded(start.position());
    CRC32C crc = new CRC32C();
    crc.update(start.array(), CRC_AT + 4, start.position() - CRC_AT - 4);
    if ((int) crc.getValue() != headerCrc || channel.size() != bytes + payloadBytes) {
      return Optional.empty();
    }
    String text = new String(label.get(), StandardCharsets.UTF_8);
    return Optional.of(new Header(key.get(), text, payloadCrc, payloadBytes, bytes));
  }

  private static byte[] read(ByteBuffer from, byte[] into) {
    from.get(into);
    return into;
  }

  private static Optional<byte[]> counted(ByteBuffer from) {
    int count = from.remaining() < 4 ? -1 : from.getInt();
    return count < 0 || count > from.remaining()
        ? Optional.empty()
        : Optional.of(read(from, new byte[count]));
  }

  /** Maps the payload if the file is whole and has this key. */
  static Optional<MemorySegment> open(Path file, CacheKey key, Arena arena) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      Optional<Header> header = header(channel);
      if (header.isEmpty() || !Arrays.equals(header.get().key(), key.bytes())) {
        return Optional.empty();
      }
      Header h = header.get();
      MemorySegment payload =
          channel.map(FileChannel.MapMode.READ_ONLY, h.bytes(), h.payloadBytes(), arena);
      return crc(List.of(payload)) == h.payloadCrc() ? Optional.of(payload) : Optional.empty();
    }
  }

  /** Writes a file with the given parts as its payload, one behind the other. */
  static void write(Path file, CacheKey key, String label, List<MemorySegment> parts)
      throws IOException {
    UserCache.write(
        file,
        channel -> {
          writeAll(channel, header(key, label, parts));
          for (MemorySegment part : parts) {
            for (long at = 0; at < part.byteSize(); at += CHUNK_BYTES) {
              writeAll(channel, chunk(part, at));
            }
          }
        });
  }

  private static ByteBuffer header(CacheKey key, String label, List<MemorySegment> parts) {
    byte[] keyBytes = key.bytes();
    byte[] labelBytes = label.getBytes(StandardCharsets.UTF_8);
    int bytes = FIXED_BYTES + keyBytes.length + labelBytes.length;
    if (bytes > HEADER_BYTES_MAX) {
      throw new IllegalArgumentException("a key of " + keyBytes.length + " bytes");
    }
    ByteBuffer header = ByteBuffer.allocate(padded(bytes)).order(ByteOrder.LITTLE_ENDIAN);
    header.put(MAGIC).putInt(0).putInt(crc(parts));
    header.putLong(parts.stream().mapToLong(MemorySegment::byteSize).sum());
    header.putInt(keyBytes.length).put(keyBytes).putInt(labelBytes.length).put(labelBytes);
    CRC32C crc = new CRC32C();
    crc.update(header.array(), CRC_AT + 4, bytes - CRC_AT - 4);
    header.putInt(CRC_AT, (int) crc.getValue());
    return header.rewind();
  }

  private static void writeAll(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static int crc(List<MemorySegment> parts) {
    CRC32C crc = new CRC32C();
    for (MemorySegment part : parts) {
      for (long at = 0; at < part.byteSize(); at += CHUNK_BYTES) {
        crc.update(chunk(part, at));
      }
    }
    return (int) crc.getValue();
  }

  private static ByteBuffer chunk(MemorySegment part, long at) {
    return part.asSlice(at, Math.min(CHUNK_BYTES, part.byteSize() - at)).asByteBuffer();
  }

  private static int padded(int bytes) {
    return (bytes + PAGE - 1) / PAGE * PAGE;
  }
}
