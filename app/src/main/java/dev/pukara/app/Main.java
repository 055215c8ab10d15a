package dev.pukara.app;

import dev.pukara.app.cli.Pukara;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;

/** Starts the command line. */
public final class Main {
  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] args) {
    System.exit(Pukara.run(System.in, standardOutput(), System.err, args));
  }

  /** {@code System.out} would keep to itself that the disk is full. */
  private static OutputStream standardOutput() {
    return new BufferedOutputStream(new FileOutputStream(FileDescriptor.out));
  }
}
