package dev.pukara.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredEntryTest {
  private static final byte[] TEXT = "llama in a jar".getBytes(StandardCharsets.UTF_8);

  @TempDir private Path folder;

  @Test
  void pathsThatNameEntries() {
    assertThat(StoredEntry.of(Path.of("/a/b.jar!/c/d.gguf")))
        .contains(new StoredEntry(Path.of("/a/b.jar"), List.of("c/d.gguf")));
    assertThat(StoredEntry.of(Path.of("b.jar!/lib/c.jar!/d.gguf")))
        .contains(new StoredEntry(Path.of("b.jar"), List.of("lib/c.jar", "d.gguf")));
    assertThat(StoredEntry.of(Path.of("/a/b.jar"))).isEmpty();
    assertThat(StoredEntry.of(Path.of("/a/b.jar!"))).isEmpty();
    assertThat(StoredEntry.of(Path.of("/hi!/d.gguf"))).isEmpty();
    assertThat(StoredEntry.of(Path.of(""))).isEmpty();
  }

  @Test
  void storedEntriesAreMappedWhereTheyLie() throws IOException {
    Path jar = write("plain.jar", jar("x/other", TEXT, "x/model.gguf", TEXT));
    assertThat(read(jar, "x/model.gguf")).isEqualTo(TEXT);
    assertThat(
            read(
                write("nested.jar", jar("lib/in.jar", Files.readAllBytes(jar))),
                "lib/in.jar!/x/other"))
        .isEqualTo(TEXT);
  }

  @Test
  void somethingMayStandBeforeTheFirstEntry() throws IOException {
    ByteArrayOutputStream shell = new ByteArrayOutputStream();
    shell.writeBytes("#!/bin/sh\nexec java -jar $0\n".getBytes(StandardCharsets.US_ASCII));
    shell.writeBytes(jar("model.gguf", TEXT));
    assertThat(read(write("run.jar", shell.toByteArray()), "model.gguf")).isEqualTo(TEXT);
  }

  @Test
  void mistakesAreNamed() throws IOException {
    Path jar = write("plain.jar", jar("model.gguf", TEXT));
    assertThatThrownBy(() -> read(jar, "no.gguf")).hasMessage("plain.jar: no entry no.gguf");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("model.gguf"));
      zip.write(TEXT);
    }
    assertThatThrownBy(() -> read(write("small.jar", bytes.toByteArray()), "model.gguf"))
        .hasMessageContaining("compressed (method 8)");
    assertThatThrownBy(() -> read(write("text.jar", TEXT), "model.gguf"))
        .hasMessageContaining("no end record");
    assertThatThrownBy(() -> read(folder.resolve("none.jar"), "model.gguf"))
        .isInstanceOf(IOException.class);
  }

  @Test
  void damagedJarsAreRefused() throws IOException {
    byte[] whole = jar("model.gguf", TEXT);
    Random random = new Random(7);
    for (int cut = 0; cut < whole.length; cut++) {
      Path jar = write("cut.jar", Arrays.copyOf(whole, cut));
      assertThatThrownBy(() -> read(jar, "model.gguf")).isInstanceOf(FormatException.class);
    }
    for (int i = 0; i < 2000; i++) {
      byte[] flipped = whole.clone();
      flipped[random.nextInt(whole.length)] = (byte) random.nextInt();
      try {
        read(write("flipped.jar", flipped), "model.gguf");
      } catch (FormatException expected) {
        assertThat(expected).hasMessageStartingWith("flipped.jar");
      }
    }
  }

  private byte[] read(Path jar, String entry) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      Path path = Path.of(jar + "!").resolve(entry);
      return MappedFile.map(path, arena).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static byte[] jar(Object... entries) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (int i = 0; i < entries.length; i += 2) {
        byte[] content = (byte[]) entries[i + 1];
        ZipEntry entry = new ZipEntry((String) entries[i]);
        CRC32 crc = new CRC32();
        crc.update(content);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content);
      }
    }
    return bytes.toByteArray();
  }
}
