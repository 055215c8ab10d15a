package dev.pukara.engine;

import dev.pukara.cache.CacheKey;
import dev.pukara.cache.UserCache;
import dev.pukara.kernels.KvSpan;
import dev.pukara.model.Llama;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Keys and values of policy prefixes, kept in the user's cache from one start to the next. Only the
 * first few prefixes of an engine are kept: those are the policies it was started for.
 *
 * <p>Threads: the engine's; files are written by a thread of their own.
 */
final class PrefixStore implements AutoCloseable {
  /** Prefixes that one engine adds to the cache. */
  private static final int KEPT_MAX = 4;

  private final UserCache cache;
  private final Llama model;
  private final Optional<CacheKey> known;
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("pukara-prefixes").factory());
  private int kept;

  PrefixStore(UserCache cache, Llama model) {
    this.cache = cache;
    this.model = model;
    this.known = model.knownCacheKey();
  }

  private static CacheKey key(CacheKey model, int[] tokens) {
    ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * tokens.length);
    bytes.asIntBuffer().put(tokens);
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes.array());
      return model
          .ofKind("prefix")
          .with("tokens", tokens.length + ":" + HexFormat.of().formatHex(digest));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Fills {@code span} with what an earlier run computed; false if there is nothing. */
  boolean load(int[] tokens, KvSpan span) {
    if (known.isEmpty()) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      Optional<MemorySegment> found = cache.find(key(known.get(), tokens), arena);
      boolean fits = found.isPresent() && found.get().byteSize() == span.denseBytes(tokens.length);
      if (fits) {
        span.copyFrom(tokens.length, found.get());
      }
      return fits;
    }
  }

  /** Keeps what was computed now. */
  void keep(int[] tokens, KvSpan span) {
    if (kept++ >= KEPT_MAX) {
      return;
    }
    String label =
        String.format(Locale.ROOT, "%s, policy of %d tokens", model.name(), tokens.length);
    // Not Arena.ofAuto(): what that hands out counts against the heap's limit.
    Arena arena = Arena.ofShared();
    try {
      MemorySegment copy = arena.allocate(span.denseBytes(tokens.length), 64);
      span.copyTo(tokens.length, copy);
      writer.execute(
          () -> {
            try (arena) {
              cache.keep(key(model.cacheKey(), tokens), label, List.of(copy));
            }
          });
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** Waits until everything is written. */
  @Override
  public void close() {
    writer.close();
  }
}
