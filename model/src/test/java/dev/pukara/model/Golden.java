package dev.pukara.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * The golden files of {@code src/test/resources/golden}; their README tells the layout.
 *
 * @param ids token ids
 * @param logits {@code (tokens, vocabulary)}
 */
record Golden(int[] ids, float[][] logits) {

  /** A golden file or folder. */
  static Path path(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(Golden.class.getResource("/golden/" + name), name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The logits of all positions: {@code NAME.logits.bin}. */
  static Golden read(String name) {
    ByteBuffer in;
    try {
      in =
          ByteBuffer.wrap(Files.readAllBytes(path(name + ".logits.bin")))
              .order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int[] ids = new int[in.getInt()];
    float[][] logits = new float[ids.length][in.getInt()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = in.getInt();
    }
    for (float[] row : logits) {
      for (int i = 0; i < row.length; i++) {
        row[i] = in.getFloat();
      }
    }
    return new Golden(ids, logits);
  }
}
