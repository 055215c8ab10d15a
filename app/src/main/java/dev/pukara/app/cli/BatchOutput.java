package dev.pukara.app.cli;

import dev.pukara.rows.SingleWriter;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The file that verdicts go to, for one run at a time. Opening it changes nothing in it.
 *
 * @param channel locked, where the file system can do that
 */
record BatchOutput(FileChannel channel) implements AutoCloseable {
  /**
   * Opens or makes the file.
   *
   * @param in the input, which is never overwritten
   */
  static BatchOutput open(Path file, Path in) throws IOException {
    if (Files.exists(file)) {
      if (!Files.isRegularFile(file)) {
        throw new UserException(
            file + ": not a regular file, so that no run could go on in it; choose another --out");
      }
      if (Files.isSameFile(file, in)) {
        throw new UserException(file + ": this is the input; choose another --out");
      }
    }
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    if (!SingleWriter.claim(channel)) {
      channel.close();
      throw new UserException(
          file + ": another run writes to it; wait for its end or choose another --out");
    }
    return new BatchOutput(channel);
  }

  /** Writes behind the first bytes; what stands there is cut off. */
  BufferedWriter writer(long behind) throws IOException {
    channel.truncate(behind);
    channel.position(behind);
    return new BufferedWriter(
        new OutputStreamWriter(Channels.newOutputStream(channel), StandardCharsets.UTF_8));
  }

  /** Gives the lock back too. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
