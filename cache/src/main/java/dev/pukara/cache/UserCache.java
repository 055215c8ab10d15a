package dev.pukara.cache;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The user's cache directory: files that a later run would otherwise have to make again. It is
 * never needed: whatever is missing, broken, foreign or not writable is made anew or left out.
 *
 * <p>Which directory: {@code -Dpukara.cache=DIR}, else the environment variable {@code
 * PUKARA_CACHE}, else {@code $XDG_CACHE_HOME/pukara}, else {@code ~/.cache/pukara}; {@code off}
 * means none. Its size is bounded ({@code -Dpukara.cache.max=BYTES}, 16 GiB, never more than half
 * of the free space): what was used longest ago goes first, and what was not used for 90 days.
 * Libraries and copied models count from when they were written: to make them anew takes little.
 *
 * <p>Threads and processes: free. Files appear whole or not at all, and a file that is mapped stays
 * readable when it is deleted.
 */
public final class UserCache {
  /** System property: a directory, or {@code off}. */
  public static final String PROPERTY = "pukara.cache";

  /** The same as an environment variable. */
  public static final String VARIABLE = "PUKARA_CACHE";

  /** System property: most bytes of all files. */
  public static final String MAX_PROPERTY = "pukara.cache.max";

  /** Start of the names of folders with unpacked libraries. */
  public static final String LIBRARY = "onednn-";

  /** Start of the names of models that were copied out of a jar. */
  public static final String MODEL = "model-";

  private static final String PARTIAL = ".partial";

  /**
   * What Pukara wrote. The directory is the user's to choose and may hold other things, a {@code
   * pytorch_model.bin} or a {@code model-7b.gguf}, that are not ours to delete.
   */
  private static final Pattern OURS =
      Pattern.compile(
          ("([a-z]+-[0-9a-f]{32}\\" + CacheFile.SUFFIX)
              + ("|" + MODEL + "[0-9a-f]{64}\\.gguf)(\\.[0-9a-f-]{36}\\" + PARTIAL + ")?|")
              + (LIBRARY + "[0-9a-f-]+"));

  private static final long BYTES_MAX = 16L << 30;
  private static final Duration UNUSED_MAX = Duration.ofDays(90);

  /** A partial file this old belongs to a process that died. */
  private static final Duration PARTIAL_MAX = Duration.ofHours(1);

  private static final Logger log = LoggerFactory.getLogger(UserCache.class);
  private static final AtomicBoolean refusalTold = new AtomicBoolean();

  private final Path directory;
  private final long bytesMax;

  private UserCache(Path directory, long bytesMax) {
    this.directory = directory;
    this.bytesMax = bytesMax;
  }

  /** The cache in a directory, which need not exist yet. */
  public static UserCache at(Path directory, long bytesMax) {
    return new UserCache(directory, bytesMax);
  }

  /** The cache that the user's settings name, or empty if it is off. */
  public static Optional<UserCache> ofUser() {
    String told = System.getProperty(PROPERTY, System.getenv().getOrDefault(VARIABLE, ""));
    if (told.equals("off")) {
      return Optional.empty();
    }
    long max = Long.getLong(MAX_PROPERTY, BYTES_MAX);
    if (!told.isEmpty()) {
      return Optional.of(at(Path.of(told), max));
    }
    Path xdg = Path.of(System.getenv().getOrDefault("XDG_CACHE_HOME", ""));
    Path home = Path.of(System.getProperty("user.home", ""));
    if (xdg.isAbsolute()) {
      return Optional.of(at(xdg.resolve("pukara"), max));
    }
    // Who has no home gets the home "?".
    return home.isAbsolute()
        ? Optional.of(at(home.resolve(".cache").resolve("pukara"), max))
        : Optional.empty();
  }

  /** Where the files lie. */
  public Path directory() {
    return directory;
  }

  /** Most bytes of all files. */
  public long bytesMax() {
    return bytesMax;
  }

  /**
   * The directory, made if need be, private to the user.
   *
   * @throws IOException if there is none and none can be made, or if others may write there
   */
  public Path requireDirectory() throws IOException {
    Ownership.createPrivate(directory);
    Ownership.requireOwn(directory);
    return directory;
  }

  /**
   * Refuses a file or directory that others could have changed.
   *
   * @throws IOException with owner and permissions in the message
   */
  public static void requireOwn(Path path) throws IOException {
    Ownership.requireOwn(path);
  }

  /** Fills a new file. */
  @FunctionalInterface
  public interface Content {
    /** Writes all of it. */
    void writeTo(FileChannel channel) throws IOException;
  }

  /**
   * Makes a file that {@link #requireOwn} accepts, whatever the umask is.
   *
   * @throws IOException if it exists or cannot be made
   */
  public static FileChannel create(Path file) throws IOException {
    return Ownership.create(file);
  }

  /**
   * Writes a file beside its place, flushes it to the disk and then renames it: nobody ever sees
   * half a file. As {@link #create}, over what was there.
   */
  public static void write(Path file, Content content) throws IOException {
    // Random, since containers that share a directory share process ids too.
    Path partial = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID() + PARTIAL);
    try {
      try (FileChannel channel = create(partial)) {
        content.writeTo(channel);
        channel.force(true);
      }
      Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  /**
   * Maps what was kept under a key, checked against its checksum; empty if there is nothing that
   * fits.
   *
   * @param arena owner of the mapping
   */
  public Optional<MemorySegment> find(CacheKey key, Arena arena) {
    Path file = directory.resolve(key.fileName());
    try {
      // Unlike isRegularFile, this tells a directory that may not be entered from an empty one.
      if (!Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .isRegularFile()) {
        return Optional.empty();
      }
      Ownership.requireOwn(directory);
      Ownership.requireOwn(file);
      Optional<MemorySegment> payload = CacheFile.open(file, key, arena);
      if (payload.isPresent()) {
        touch(file);
      } else {
        log.debug("{} is broken or of another kind; it is made again", file);
      }
      return payload;
    } catch (NoSuchFileException notKept) {
      return Optional.empty();
    } catch (IOException e) {
      log.debug("{} is not used: {}", file, e.toString());
      return Optional.empty();
    }
  }

  private static void touch(Path file) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (IOException readOnly) {
      log.trace("{}", readOnly.toString());
    }
  }

  /**
   * Keeps something under a key. Failure is no error: it costs time at the next start.
   *
   * @param label what it is, for people
   * @param parts its content, one part behind the other
   * @return true if it is kept now
   */
  public boolean keep(CacheKey key, String label, List<MemorySegment> parts) {
    try {
      Path file = requireDirectory().resolve(key.fileName());
      long bytes = parts.stream().mapToLong(MemorySegment::byteSize).sum();
      if (!makeRoom(bytes)) {
        log.debug("{}: {} bytes do not fit the cache of {}", label, bytes, bytesMax);
        return false;
      }
      CacheFile.write(file, key, label, parts);
      return true;
    } catch (IOException | UncheckedIOException | UnsupportedOperationException e) {
      if (refusalTold.compareAndSet(false, true)) {
        log.info("nothing is kept for the next start: {}", e.toString());
      }
      return false;
    }
  }

  /** Deletes old files until {@code bytes} more fit; false if they never do. */
  private boolean makeRoom(long bytes) throws IOException {
    Instant now = Instant.now();
    List<CacheEntry> kept = new ArrayList<>();
    for (CacheEntry entry : list()) {
      if (!isStale(entry, now) || !tryDelete(entry.path())) {
        kept.add(entry);
      }
    }
    long used = kept.stream().mapToLong(CacheEntry::bytes).sum();
    long room = Math.min(bytesMax, used + Files.getFileStore(directory).getUsableSpace() / 2);
    if (bytes > room) {
      return false;
    }
    kept.sort(Comparator.comparing(CacheEntry::lastUse));
    for (CacheEntry oldest : kept) {
      if (used + bytes <= room) {
        break;
      }
      if (isOurs(oldest.path()) && tryDelete(oldest.path())) {
        used -= oldest.bytes();
      }
    }
    return true;
  }

  /** False if it may not be deleted: another user's file is no reason to keep nothing. */
  private static boolean tryDelete(Path path) {
    try {
      delete(path);
      return true;
    } catch (IOException e) {
      log.debug("{} stays: {}", path, e.toString());
      return false;
    }
  }

  private static boolean isStale(CacheEntry entry, Instant now) {
    boolean partial = entry.path().toString().endsWith(PARTIAL);
    Duration age = partial ? PARTIAL_MAX : UNUSED_MAX;
    return isOurs(entry.path()) && entry.lastUse().isBefore(now.minus(age));
  }

  private static boolean isOurs(Path path) {
    return OURS.matcher(path.getFileName().toString()).matches();
  }

  /** Everything in the directory, most recently used first. */
  public List<CacheEntry> list() throws IOException {
    List<CacheEntry> entries = new ArrayList<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path path : files.toList()) {
        CacheEntry entry = entry(path);
        if (entry != null) {
          entries.add(entry);
        }
      }
    } catch (NoSuchFileException nothingYet) {
      return List.of();
    }
    entries.sort(Comparator.comparing(CacheEntry::lastUse).reversed());
    return entries;
  }

  /** Null if another process has just deleted it. */
  private static @Nullable CacheEntry entry(Path path) throws IOException {
    try {
      long bytes = 0;
      try (Stream<Path> files = Files.walk(path)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          bytes += Files.size(file);
        }
      }
      Instant lastUse = Files.getLastModifiedTime(path).toInstant();
      return new CacheEntry(path, label(path), bytes, lastUse);
    } catch (NoSuchFileException gone) {
      return null;
    } catch (IOException | UncheckedIOException unreadable) {
      // Another user's, or being renamed while it was walked.
      boolean gone = Files.notExists(path);
      return gone ? null : new CacheEntry(path, "not readable", 0, Instant.now());
    }
  }

  private static String label(Path path) throws IOException {
    String name = path.getFileName().toString();
    if (!isOurs(path)) {
      return "not Pukara's";
    }
    if (name.endsWith(PARTIAL)) {
      return "being written";
    }
    if (name.startsWith(LIBRARY)) {
      return "oneDNN, unpacked";
    }
    if (name.startsWith(MODEL)) {
      return "a bundled model, copied out of its jar";
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return CacheFile.header(channel).map(CacheFile.Header::label).orElse("broken");
    }
  }

  /**
   * Deletes what Pukara put into the directory; running processes are not disturbed.
   *
   * @return bytes deleted
   */
  public long clear() throws IOException {
    long bytes = 0;
    for (CacheEntry entry : list()) {
      if (isOurs(entry.path())) {
        delete(entry.path());
        bytes += entry.bytes();
      }
    }
    return bytes;
  }

  private static void delete(Path path) throws IOException {
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      try (Stream<Path> files = Files.list(path)) {
        for (Path file : files.toList()) {
          delete(file);
        }
      }
    }
    Files.deleteIfExists(path);
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%s (at most %d bytes)", directory, bytesMax);
  }
}
