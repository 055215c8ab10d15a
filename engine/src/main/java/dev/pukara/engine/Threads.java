package dev.pukara.engine;

/** What {@link Thread} lacks. */
final class Threads {
  private Threads() {}

  /** Waits for a thread's end, even if interrupted; the interrupt is there afterwards. */
  static void join(Thread thread) {
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
