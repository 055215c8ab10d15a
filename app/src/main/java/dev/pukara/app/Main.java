package dev.pukara.app;

import dev.pukara.app.cli.Pukara;

/** Starts the command line. */
public final class Main {
  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] args) {
    System.exit(Pukara.run(System.in, System.out, System.err, args));
  }
}
