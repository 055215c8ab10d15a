package dev.pukara.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserCacheTest {
  private static final CacheKey KEY = CacheKey.of("weights").with("model", "abc").with("isa", "7");

  @TempDir Path folder;

  private UserCache cache() {
    return UserCache.at(folder.resolve("pukara"), 1 << 20);
  }

  private static MemorySegment bytes(int count, int seed) {
    byte[] bytes = new byte[count];
    new Random(seed).nextBytes(bytes);
    return MemorySegment.ofArray(bytes);
  }

  private static Optional<byte[]> read(UserCache cache, CacheKey key) {
    try (Arena arena = Arena.ofConfined()) {
      return cache.find(key, arena).map(payload -> payload.toArray(ValueLayout.JAVA_BYTE));
    }
  }

  private Path onlyFile(UserCache cache) throws IOException {
    return cache.list().getFirst().path();
  }

  @Test
  void givesBackWhatWasKept() throws IOException {
    UserCache cache = cache();
    assertThat(read(cache, KEY)).isEmpty();
    assertThat(cache.keep(KEY, "a label", List.of(bytes(100, 1), bytes(5000, 2)))).isTrue();
    byte[] payload = read(cache, KEY).orElseThrow();
    assertThat(payload).hasSize(5100).startsWith(bytes(100, 1).toArray(ValueLayout.JAVA_BYTE));
    assertThat(payload).endsWith(bytes(5000, 2).toArray(ValueLayout.JAVA_BYTE));
    assertThat(cache.list())
        .singleElement()
        .satisfies(entry -> assertThat(entry.label()).isEqualTo("a label"));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(cache.directory())))
        .isEqualTo("rwx------");
  }

  @Test
  void anotherKeyFindsNothing() throws IOException {
    UserCache cache = cache();
    cache.keep(KEY, "", List.of(bytes(10, 1)));
    assertThat(read(cache, KEY.with("more", "1"))).isEmpty();
    // Even if two keys had the same file name.
    CacheKey other = CacheKey.of("weights").with("model", "abd");
    Files.copy(onlyFile(cache), cache.directory().resolve(other.fileName()));
    assertThat(read(cache, other)).isEmpty();
  }

  /** Every byte of the header and the payload counts. */
  @Test
  void damagedFilesAreNotUsed() throws IOException {
    UserCache cache = cache();
    cache.keep(KEY, "label", List.of(bytes(64, 1)));
    byte[] whole = Files.readAllBytes(onlyFile(cache));
    Random random = new Random(20261126);
    int header = 28 + KEY.bytes().length + "label".length();
    for (int i = 0; i < 200; i++) {
      byte[] broken = whole.clone();
      int at = i < header ? i : whole.length - 1 - random.nextInt(64);
      broken[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(onlyFile(cache), broken);
      assertThat(read(cache, KEY)).as("byte %d flipped", at).isEmpty();
    }
    for (int length : new int[] {0, 7, 20, 100, whole.length - 1}) {
      Files.write(onlyFile(cache), java.util.Arrays.copyOf(whole, length));
      assertThat(read(cache, KEY)).as("cut to %d bytes", length).isEmpty();
    }
    Files.write(onlyFile(cache), whole);
    assertThat(read(cache, KEY)).isPresent();
  }

  @Test
  void whatWasUsedLongestAgoMakesRoom() throws IOException {
    UserCache cache = cache();
    for (int i = 0; i < 3; i++) {
      CacheKey key = KEY.with("i", "" + i);
      cache.keep(key, "" + i, List.of(bytes(300_000, i)));
      age(cache, key, 10 - i);
    }
    read(cache, KEY.with("i", "0")); // the oldest, but used now
    assertThat(cache.keep(KEY.with("i", "3"), "3", List.of(bytes(300_000, 3)))).isTrue();
    assertThat(cache.list().stream().map(CacheEntry::label))
        .containsExactlyInAnyOrder("0", "2", "3");
    assertThat(cache.keep(KEY, "too much", List.of(bytes(2 << 20, 4)))).isFalse();
    assertThat(cache.list()).hasSize(3);
  }

  private static void age(UserCache cache, CacheKey key, int days) throws IOException {
    age(cache.directory().resolve(key.fileName()), days);
  }

  private static void age(Path file, int days) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(86_400L * days)));
  }

  @Test
  void whatNobodyUsedForMonthsGoes() throws IOException {
    UserCache cache = cache();
    cache.keep(KEY, "old", List.of(bytes(10, 1)));
    age(cache, KEY, 91);
    cache.keep(KEY.with("new", "1"), "new", List.of(bytes(10, 1)));
    assertThat(cache.list()).singleElement().extracting(CacheEntry::label).isEqualTo("new");
  }

  /** Also libraries and models of other versions; but not what somebody else put there. */
  @Test
  void allKindsGoAndNothingElse() throws IOException {
    UserCache cache = cache();
    Path directory = cache.requireDirectory();
    String digest = "0123456789abcdef".repeat(4);
    Files.createDirectories(directory.resolve("onednn-1a2b-3c4d"));
    Files.writeString(directory.resolve("onednn-1a2b-3c4d/libdnnl.so.3"), "");
    for (String name :
        List.of(
            "model-" + digest + ".gguf", "model-7b.gguf", "pytorch_model.bin", "film.partial")) {
      Files.writeString(directory.resolve(name), "");
    }
    for (CacheEntry entry : cache.list()) {
      age(entry.path(), 91);
    }
    cache.keep(KEY, "new", List.of(bytes(10, 1)));
    assertThat(cache.list())
        .extracting(entry -> entry.path().getFileName().toString())
        .containsExactlyInAnyOrder(
            KEY.fileName(), "model-7b.gguf", "pytorch_model.bin", "film.partial");
    cache.clear();
    assertThat(cache.list()).hasSize(3);
  }

  /** Keeps something and says whether it is found. */
  static final class Main {
    private Main() {}

    @SuppressWarnings("SystemOut")
    public static void main(String[] args) {
      UserCache cache = UserCache.at(Path.of(args[0]), 1 << 20);
      cache.keep(KEY, "", List.of(bytes(10, 1)));
      System.out.print(read(cache, KEY).isPresent());
    }
  }

  @Test
  void filesAreFoundWhereTheUmaskLetsTheGroupWrite() throws Exception {
    Process process =
        new ProcessBuilder(
                List.of(
                    "sh",
                    "-c",
                    "umask 002; exec \"$@\"",
                    "sh",
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Main.class.getName(),
                    cache().directory().toString()))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(process.getInputStream()).hasContent("true");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(onlyFile(cache()))))
        .isEqualTo("rw-r--r--");
  }

  @Test
  void othersMayNotWriteThere() throws IOException {
    UserCache cache = cache();
    cache.keep(KEY, "", List.of(bytes(10, 1)));
    Path file = onlyFile(cache);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
    assertThat(read(cache, KEY)).isEmpty();
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    assertThat(read(cache, KEY)).isPresent();
    Files.setPosixFilePermissions(cache.directory(), PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(read(cache, KEY)).isEmpty();
    assertThat(cache.keep(KEY, "", List.of(bytes(10, 1)))).isFalse();
    assertThatThrownBy(() -> UserCache.requireOwn(cache.directory()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected to be writable by");
  }

  @Test
  void worksWithoutAPlaceToWrite() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "no directory");
    UserCache cache = UserCache.at(file.resolve("pukara"), 1000);
    assertThat(cache.keep(KEY, "", List.of(bytes(10, 1)))).isFalse();
    assertThat(read(cache, KEY)).isEmpty();
  }

  @Test
  void clearLeavesWhatIsNotPukaras() throws IOException {
    UserCache cache = cache();
    cache.keep(KEY, "", List.of(bytes(1000, 1)));
    Path library = Files.createDirectory(cache.directory().resolve("onednn-1"));
    Files.write(library.resolve("libdnnl.so.3"), new byte[10]);
    Files.writeString(cache.directory().resolve("notes.txt"), "mine");
    assertThat(cache.clear()).isGreaterThan(1010);
    assertThat(cache.list())
        .singleElement()
        .satisfies(entry -> assertThat(entry.path().endsWith("notes.txt")).isTrue());
  }
}
