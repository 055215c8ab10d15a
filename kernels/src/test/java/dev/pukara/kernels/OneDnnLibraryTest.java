package dev.pukara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the libraries are loaded from; each case in a JVM of its own, since they load once. */
class OneDnnLibraryTest {
  @TempDir private Path directory;

  @BeforeAll
  static void available() {
    String reason = OneDnnTesting.whyNot();
    assumeTrue(reason == null, reason);
  }

  /** Prints where the libraries came from, or why they did not. */
  static final class Main {
    private Main() {}

    @SuppressWarnings("SystemOut")
    public static void main(String[] args) {
      try {
        System.out.print(OneDnnLibrary.load().from());
      } catch (IllegalStateException e) {
        System.out.print(e.getMessage());
      }
    }
  }

  private static String load(Map<String, String> environment, String... options)
      throws IOException, InterruptedException {
    // The umask of Ubuntu and Fedora: what is made without a thought, the group may write.
    List<String> command = new ArrayList<>(List.of("sh", "-c", "umask 002; exec \"$@\"", "sh"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of(options));
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().putAll(environment);
    Process process = builder.start();
    byte[] output = process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).isZero();
    return new String(output, StandardCharsets.UTF_8);
  }

  @Test
  void extractsOnceIntoTheCache() throws Exception {
    Map<String, String> environment = Map.of("XDG_CACHE_HOME", directory.toString());
    Path pukara = directory.resolve("pukara");
    String first = load(environment);
    assertThat(first).startsWith(pukara.resolve("onednn-").toString());
    assertThat(Path.of(first)).isDirectoryContaining("glob:**libdnnl.so.3");
    Object written = Files.getLastModifiedTime(Path.of(first, "libdnnl.so.3"));
    assertThat(load(environment)).isEqualTo(first);
    assertThat(Files.getLastModifiedTime(Path.of(first, "libdnnl.so.3"))).isEqualTo(written);
    try (Stream<Path> kept = Files.list(pukara)) {
      assertThat(kept).containsExactly(Path.of(first));
    }
  }

  @Test
  void distrustsFilesThatOthersMayChange() throws Exception {
    Map<String, String> environment = Map.of("XDG_CACHE_HOME", directory.toString());
    Path library = Path.of(load(environment), "libdnnl.so.3");
    Files.setPosixFilePermissions(library, PosixFilePermissions.fromString("rw-rw-rw-"));
    assertThat(load(environment)).startsWith("temporary ");
  }

  @Test
  void usesAPrivateTemporaryDirectoryAndDeletesIt() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "");
    String from =
        load(
            Map.of("XDG_CACHE_HOME", file.resolve("no-directory").toString()),
            "-Djava.io.tmpdir=" + directory);
    assertThat(from).startsWith("temporary " + directory.resolve("pukara-onednn-"));
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).containsExactly(file);
    }
  }

  @Test
  void needsNoFileSystem() throws Exception {
    Path nowhere = Files.writeString(directory.resolve("file"), "").resolve("no-directory");
    String from = load(Map.of("XDG_CACHE_HOME", nowhere.toString()), "-Djava.io.tmpdir=" + nowhere);
    assertThat(from).isEqualTo("anonymous memory");
  }

  @Test
  void takesANamedDirectoryOnly() throws Exception {
    String cached = load(Map.of("XDG_CACHE_HOME", directory.toString()));
    assertThat(load(Map.of(), "-Dpukara.native=" + cached)).isEqualTo(cached);
    Path wrong = Files.createDirectory(directory.resolve("wrong"));
    assertThat(load(Map.of(), "-Dpukara.native=" + wrong))
        .contains("oneDNN could not be loaded: " + wrong)
        .contains("-Dpukara.native=");
  }
}
