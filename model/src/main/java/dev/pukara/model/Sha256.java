package dev.pukara.model;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of mapped files, in hex. */
final class Sha256 {
  private static final long CHUNK_BYTES = 16L << 20;

  private Sha256() {}

  static String of(MemorySegment data) {
    MessageDigest digest = digest();
    for (long at = 0; at < data.byteSize(); at += CHUNK_BYTES) {
      MemorySegment chunk = data.asSlice(at, Math.min(CHUNK_BYTES, data.byteSize() - at));
      digest.update(chunk.asByteBuffer());
      if (chunk.isMapped()) {
        chunk.unload(); // else the whole file stays in memory for its digest
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  static String of(byte[] data) {
    return HexFormat.of().formatHex(digest().digest(data));
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
