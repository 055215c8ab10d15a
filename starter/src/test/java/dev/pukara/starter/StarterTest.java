package dev.pukara.starter;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StarterTest {
  private static final byte[] CONTENT = "weights".getBytes(StandardCharsets.US_ASCII);
  private static final String DIGEST = "0123abcd";

  @TempDir private Path folder;

  @Test
  void modelIsTheOneThatTheCardSpeaksOf() throws Exception {
    byte[] bytes = Files.readAllBytes(Starter.model());
    assertThat(bytes.length).isLessThan(85_000_000);
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    try (var in = Starter.class.getResourceAsStream("pukara-guard-135m.gguf.sha256")) {
      assertThat(new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip())
          .isEqualTo(digest);
    }
    assertThat(Starter.card()).contains(digest).contains("Apache-2.0");
  }

  @Test
  void storedInJarItIsUsedWhereItLies() throws Exception {
    Path jar = jar(ZipEntry.STORED);
    assertThat(modelIn(jar))
        .isEqualTo(Path.of(jar + "!").resolve("dev/pukara/starter/pukara-guard-135m.gguf"));
  }

  @Test
  void compressedItIsCopiedOnce() throws Exception {
    String before = System.setProperty("pukara.cache", folder.resolve("cache").toString());
    try {
      Path jar = jar(ZipEntry.DEFLATED);
      Path copy = modelIn(jar);
      assertThat(copy).isEqualTo(folder.resolve("cache/model-" + DIGEST + ".gguf"));
      assertThat(copy).hasBinaryContent(CONTENT);
      var written = Files.getLastModifiedTime(copy);
      assertThat(modelIn(jar)).isEqualTo(copy);
      assertThat(Files.getLastModifiedTime(copy)).isEqualTo(written);
      try (var files = Files.list(copy.getParent())) {
        assertThat(files).hasSize(1);
      }
    } finally {
      System.setProperty("pukara.cache", before == null ? "off" : before);
    }
  }

  @Test
  void halfACopyIsCopiedAnew() throws Exception {
    String before = System.setProperty("pukara.cache", folder.resolve("cache").toString());
    try {
      Path jar = jar(ZipEntry.DEFLATED);
      Files.write(modelIn(jar), new byte[3]);
      assertThat(modelIn(jar)).hasBinaryContent(CONTENT);
    } finally {
      System.setProperty("pukara.cache", before == null ? "off" : before);
    }
  }

  /** Asks twice, in a process of its own. */
  static final class Main {
    private Main() {}

    @SuppressWarnings("SystemOut")
    public static void main(String[] args) throws Exception {
      try (URLClassLoader loader = new OwnStarter(Path.of(args[0]).toUri().toURL())) {
        Method model = loader.loadClass(Starter.class.getName()).getMethod("model");
        Path first = (Path) model.invoke(null);
        Object written = Files.getLastModifiedTime(first);
        boolean same = first.equals(model.invoke(null));
        System.out.print(first);
        if (!same || !written.equals(Files.getLastModifiedTime(first))) {
          System.out.print(" is copied twice");
        }
      }
    }
  }

  /** Where the copy lies, or lay. */
  private static Path start(Path jar, Path cache, Path temporary) throws Exception {
    Process process =
        new ProcessBuilder(
                List.of(
                    "sh",
                    "-c",
                    "umask 002; exec \"$@\"", // as on Ubuntu and Fedora
                    "sh",
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Dpukara.cache=" + cache,
                    "-Djava.io.tmpdir=" + temporary,
                    "-cp",
                    System.getProperty("java.class.path"),
                    Main.class.getName(),
                    jar.toString()))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return Path.of(output);
  }

  @Test
  void theNextStartFindsTheCopy() throws Exception {
    Path jar = jar(ZipEntry.DEFLATED);
    Path temporary = Files.createDirectory(folder.resolve("temporary"));
    Path copy = start(jar, folder.resolve("cache"), temporary);
    assertThat(copy).isEqualTo(folder.resolve("cache/model-" + DIGEST + ".gguf"));
    Object written = Files.getLastModifiedTime(copy);
    assertThat(start(jar, folder.resolve("cache"), temporary)).isEqualTo(copy);
    assertThat(Files.getLastModifiedTime(copy)).isEqualTo(written);
  }

  @Test
  void whereTheCacheCannotBeWrittenTheCopyIsTemporaryToo() throws Exception {
    Path jar = jar(ZipEntry.DEFLATED);
    Path temporary = Files.createDirectory(folder.resolve("temporary"));
    for (Path cache : List.of(jar.resolve("cache"), Path.of("off"))) {
      Path copy = start(jar, cache, temporary);
      assertThat(copy.toString())
          .startsWith(temporary.resolve("pukara-").toString())
          .endsWith("/model-" + DIGEST + ".gguf");
      assertThat(temporary).isEmptyDirectory();
    }
  }

  @Test
  void withoutCacheDirectoryTheCopyIsTemporary() throws Exception {
    assertThat(modelIn(jar(ZipEntry.DEFLATED))).hasBinaryContent(CONTENT);
  }

  /** What the class says when it comes out of that jar. */
  private static Path modelIn(Path jar) throws Exception {
    try (URLClassLoader loader = new OwnStarter(jar.toUri().toURL())) {
      Class<?> starter = loader.loadClass(Starter.class.getName());
      return (Path) starter.getMethod("model").invoke(null);
    }
  }

  /** A jar with the class and a small model. */
  private Path jar(int method) throws IOException {
    Path jar = folder.resolve("starter-" + method + ".jar");
    try (OutputStream out = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(out);
        var type = Starter.class.getResourceAsStream("Starter.class")) {
      add(zip, method, "Starter.class", type.readAllBytes());
      add(zip, method, "pukara-guard-135m.gguf", CONTENT);
      add(zip, method, "pukara-guard-135m.gguf.sha256", DIGEST.getBytes(StandardCharsets.US_ASCII));
    }
    return jar;
  }

  private static void add(ZipOutputStream zip, int method, String name, byte[] content)
      throws IOException {
    ZipEntry entry = new ZipEntry("dev/pukara/starter/" + name);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setMethod(method);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  /** Looks into its own jar first. */
  private static final class OwnStarter extends URLClassLoader {
    OwnStarter(URL jar) {
      super(new URL[] {jar}, StarterTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith("dev.pukara.starter.")) {
        return super.loadClass(name, resolve);
      }
      Class<?> loaded = findLoadedClass(name);
      return loaded == null ? findClass(name) : loaded;
    }

    @Override
    public URL getResource(String name) {
      URL own = findResource(name);
      return own == null ? super.getResource(name) : own;
    }
  }
}
