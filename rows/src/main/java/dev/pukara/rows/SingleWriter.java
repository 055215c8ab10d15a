package dev.pukara.rows;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;

/** Files that one run at a time may write to. */
public final class SingleWriter {
  private SingleWriter() {}

  /**
   * Claims a file until the channel is closed, where the file system can do that.
   *
   * @return false if another run has it
   */
  public static boolean claim(FileChannel channel) {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false; // a run in this process
    } catch (IOException e) {
      return true; // a file system without locks
    }
  }
}
