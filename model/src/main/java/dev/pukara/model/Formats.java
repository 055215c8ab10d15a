package dev.pukara.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Tells model files apart. */
final class Formats {
  private Formats() {}

  static ModelFile open(Path path) throws IOException {
    if (isGguf(path)) {
      return GgufModel.open(path);
    }
    if (Files.isDirectory(path) || MappedFile.name(path).endsWith(".safetensors")) {
      return SafetensorsModel.open(path);
    }
    throw new FormatException(
        MappedFile.name(path)
            + ": neither a GGUF file nor safetensors, expected a .gguf file, a .safetensors file or"
            + " a folder with config.json; check the path");
  }

  private static boolean isGguf(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      return false;
    }
    if (MappedFile.name(path).endsWith(".gguf")) {
      return true;
    }
    ByteBuffer magic = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return channel.read(magic) == 4 && magic.getInt(0) == GgufFile.MAGIC;
    }
  }
}
