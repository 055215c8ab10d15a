package dev.pukara.app.cli;

/** The process's exit codes. */
final class ExitCodes {
  static final int SAFE = 0;
  static final int UNSAFE = 1;
  static final int USAGE = 2;
  static final int UNREADABLE = 3;
  static final int INTERNAL = 4;

  private ExitCodes() {}
}
