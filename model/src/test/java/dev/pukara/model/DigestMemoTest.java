package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.cache.UserCache;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DigestMemoTest {
  @TempDir private Path folder;
  private String before;

  @BeforeEach
  void ownCache() {
    before = System.getProperty(UserCache.PROPERTY, "off");
    System.setProperty(UserCache.PROPERTY, folder.resolve("cache").toString());
  }

  @AfterEach
  void cacheOfBefore() {
    System.setProperty(UserCache.PROPERTY, before);
  }

  private static void changed(Path file, String time) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.parse(time)));
  }

  @Test
  void survivesImageLayersThatKeepWholeSeconds() throws IOException {
    byte[] bytes = new byte[5 << 20];
    Path file = Files.write(folder.resolve("model.gguf"), bytes);
    MemorySegment data = MemorySegment.ofArray(bytes);
    changed(file, "2026-11-26T10:00:00.123456789Z");
    String digest = DigestMemo.of(file, data);
    assertThat(DigestMemo.known(file, data)).hasValue(digest);
    changed(file, "2026-11-26T10:00:00Z");
    assertThat(DigestMemo.known(file, data)).hasValue(digest);
    changed(file, "2026-11-26T10:00:01Z");
    assertThat(DigestMemo.known(file, data)).isEmpty();
  }
}
