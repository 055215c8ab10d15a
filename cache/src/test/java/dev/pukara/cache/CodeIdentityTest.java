package dev.pukara.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CodeIdentityTest {
  @TempDir private Path folder;

  private String identity(Path jar, String time) throws Exception {
    Files.setLastModifiedTime(jar, FileTime.from(java.time.Instant.parse(time)));
    URL[] path = {jar.toUri().toURL()};
    try (URLClassLoader loader = new URLClassLoader(path, ClassLoader.getPlatformClassLoader())) {
      return CodeIdentity.of(loader.loadClass(CacheEntry.class.getName()));
    }
  }

  private Path jar() throws IOException {
    Path jar = folder.resolve("code.jar");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar));
        InputStream type = CacheEntry.class.getResourceAsStream("CacheEntry.class")) {
      zip.putNextEntry(new ZipEntry(CacheEntry.class.getName().replace('.', '/') + ".class"));
      type.transferTo(zip);
    }
    return jar;
  }

  @Test
  void survivesImageLayersThatKeepWholeSeconds() throws Exception {
    Path jar = jar();
    String built = identity(jar, "2026-11-26T10:00:00.789Z");
    assertThat(identity(jar, "2026-11-26T10:00:00Z")).isEqualTo(built);
    assertThat(identity(jar, "2026-11-26T10:00:01Z")).isNotEqualTo(built);
  }
}
