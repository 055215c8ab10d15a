package dev.pukara.model;

import dev.pukara.cache.CacheKey;
import dev.pukara.cache.UserCache;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * SHA-256 of large files, remembered in the user's cache: hashing gigabytes takes seconds, at every
 * start. A remembered digest counts only for the same path, length, time of change and the same
 * bytes at {@value #SAMPLES} places.
 */
final class DigestMemo {
  private static final int SAMPLES = 64;
  private static final int SAMPLE_BYTES = 1024;

  /** Smaller files are hashed faster than looked up. */
  private static final long BYTES_MIN = 4 << 20;

  private DigestMemo() {}

  /** The digest if it is remembered. */
  static Optional<String> known(Path path, MemorySegment data) {
    if (data.byteSize() < BYTES_MIN) {
      return Optional.of(Sha256.of(data));
    }
    return UserCache.ofUser().flatMap(cache -> key(path, data).flatMap(key -> read(cache, key)));
  }

  /** The digest, remembered from now on. */
  static String of(Path path, MemorySegment data) {
    Optional<String> known = known(path, data);
    if (known.isPresent()) {
      return known.get();
    }
    String digest = Sha256.of(data);
    MemorySegment bytes = MemorySegment.ofArray(digest.getBytes(StandardCharsets.US_ASCII));
    UserCache.ofUser()
        .ifPresent(
            cache ->
                key(path, data)
                    .ifPresent(key -> cache.keep(key, "digest of " + path, List.of(bytes))));
    return digest;
  }

  private static Optional<String> read(UserCache cache, CacheKey key) {
    try (Arena arena = Arena.ofConfined()) {
      return cache
          .find(key, arena)
          .map(found -> new String(found.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII))
          .filter(digest -> digest.matches("[0-9a-f]{64}"));
    }
  }

  private static Optional<CacheKey> key(Path path, MemorySegment data) {
    try {
      Optional<StoredEntry> entry = StoredEntry.of(path);
      Path real = entry.map(StoredEntry::archive).orElse(path).toRealPath();
      return Optional.of(
          CacheKey.of("digest")
              .with("path", real.toString())
              .with("entry", entry.map(StoredEntry::names).orElse(List.of()).toString())
              .with("bytes", Long.toString(data.byteSize()))
              // Whole seconds: the layers of container images keep no more.
              .with("changed", "" + Files.getLastModifiedTime(real).to(TimeUnit.SECONDS))
              .with("samples", samples(data)));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static String samples(MemorySegment data) {
    MemorySegment picked = MemorySegment.ofArray(new byte[SAMPLES * SAMPLE_BYTES]);
    long step = (data.byteSize() - SAMPLE_BYTES) / (SAMPLES - 1);
    for (int i = 0; i < SAMPLES; i++) {
      long to = (long) i * SAMPLE_BYTES;
      picked.asSlice(to, SAMPLE_BYTES).copyFrom(data.asSlice(i * step, SAMPLE_BYTES));
    }
    return Sha256.of(picked);
  }
}
