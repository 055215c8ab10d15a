package dev.pukara.model;

import dev.pukara.cache.CacheKey;
import dev.pukara.cache.CodeIdentity;
import dev.pukara.cache.UserCache;
import dev.pukara.kernels.Kernels;
import dev.pukara.kernels.PackedMemory;
import dev.pukara.kernels.Precision;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Packed weights of one model, kept in the user's cache from one start to the next. */
final class PackedStore {
  private final UserCache cache;
  private final ModelFile file;
  private final Kernels kernels;
  private final Precision precision;

  PackedStore(UserCache cache, ModelFile file, Kernels kernels, Precision precision) {
    this.cache = cache;
    this.file = file;
    this.kernels = kernels;
    this.precision = precision;
  }

  /** What the bits of packed weights, and of keys and values, depend on. */
  static CacheKey key(String digest, Kernels kernels, Precision precision) {
    return CacheKey.of("weights")
        .with("model", digest)
        .with("precision", precision.id())
        .with("kernels", kernels.identity())
        .with("code", CodeIdentity.of(Kernels.class, Llama.class));
  }

  /**
   * The weights of an earlier run, mapped. A model whose digest is not at hand was not here before,
   * and is not hashed for it.
   */
  Optional<PackedMemory> find() {
    Optional<String> digest = file.knownDigest();
    if (digest.isEmpty()) {
      return Optional.empty();
    }
    Arena arena = Arena.ofShared();
    Optional<MemorySegment> found = cache.find(key(digest.get(), kernels, precision), arena);
    if (found.isEmpty()) {
      arena.close();
    }
    return found.map(segment -> PackedMemory.filled(segment, arena));
  }

  /** Keeps what was packed, in the background; the result is to be awaited before it is freed. */
  Thread keep(List<MemorySegment> pieces) {
    return Thread.ofPlatform()
        .daemon()
        .name("pukara-cache")
        .start(
            () -> {
              String label =
                  String.format(
                      Locale.ROOT,
                      "%s, packed for %s",
                      MappedFile.name(file.path()),
                      precision.id());
              cache.keep(key(file.digest(), kernels, precision), label, pieces);
            });
  }
}
