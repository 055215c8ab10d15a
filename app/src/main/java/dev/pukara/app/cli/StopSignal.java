package dev.pukara.app.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets long work end in its own time when the process is asked to end (SIGTERM, Ctrl-C): the JVM
 * waits until the work is closed.
 */
final class StopSignal implements AutoCloseable {
  /** A checkpoint of a large model takes a while; after that the process ends all the same. */
  private static final long WAIT_SECONDS = 300;

  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook = new Thread(this::await, "pukara-stop");
  private volatile boolean asked;

  private StopSignal() {}

  static StopSignal install() {
    StopSignal signal = new StopSignal();
    Runtime.getRuntime().addShutdownHook(signal.hook);
    return signal;
  }

  private void await() {
    asked = true;
    try {
      if (!closed.await(WAIT_SECONDS, TimeUnit.SECONDS)) {
        Thread.currentThread().interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** True once the process was asked to end. */
  boolean isAsked() {
    return asked;
  }

  @Override
  public void close() {
    closed.countDown();
    if (!asked) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }
}
