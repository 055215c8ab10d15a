package dev.pukara.engine;

import dev.pukara.kernels.Preparation;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes what forward passes would make at first use, while the engine has nothing to do: one thread
 * of low priority that begins when no request has been in flight for a while and looks again before
 * each {@link Preparation}. So a program that checks one text and ends never gets there, and a
 * request has at most one preparation beside it.
 *
 * <p>Threads: all methods may be called by any one.
 */
final class Ahead implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Ahead.class);

  /** Tasks that wait; one more plan is dropped. */
  static final int TASKS_MAX = 4_096;

  private final long quietNanos;
  private final int max;

  /** The thread's end; null if there is no thread. */
  private final @Nullable CompletableFuture<Void> ended;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Runnable> tasks = new ArrayDeque<>(); // guarded by lock, as all below
  private boolean running;
  private boolean paused;
  private boolean waitsForQuiet;
  private boolean closed;
  private long quietSince = System.nanoTime();

  /** Of the thread. */
  private int made;

  /**
   * Starts the thread.
   *
   * @param quiet for how long no request has been in flight when it begins
   * @param max preparations to make; 0 = no thread
   */
  Ahead(Duration quiet, int max) {
    this.quietNanos = quiet.toNanos();
    this.max = max;
    this.ended = max == 0 ? null : CompletableFuture.runAsync(this::work, Ahead::start);
  }

  private static void start(Runnable work) {
    Thread thread = Thread.ofPlatform().name("pukara-ahead").daemon().unstarted(work);
    thread.setPriority(Thread.MIN_PRIORITY);
    thread.start();
  }

  /**
   * Adds preparations to be made, behind those that are there; not if there are very many, since an
   * engine that is never idle would only collect them.
   *
   * @param plan asked by the thread, since that takes a while too
   */
  void add(Supplier<List<Preparation>> plan) {
    if (ended != null) {
      change(
          () -> {
            if (tasks.size() < TASKS_MAX) {
              tasks.add(() -> expand(plan));
            }
          });
    }
  }

  private void expand(Supplier<List<Preparation>> plan) {
    List<Preparation> found = plan.get();
    change(() -> found.forEach(preparation -> tasks.add(() -> make(preparation))));
  }

  private void make(Preparation preparation) {
    if (made < max && preparation.make()) {
      made++;
    }
  }

  /** A request is in flight. */
  void pause() {
    lock.lock();
    try {
      paused = true;
    } finally {
      lock.unlock();
    }
  }

  /** No request is in flight. */
  void resume() {
    lock.lock();
    try {
      paused = false;
      quietSince = System.nanoTime();
      if (waitsForQuiet) { // else it wakes by itself
        changed.signal();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Things left to do; a plan that was not asked yet is one. */
  int left() {
    lock.lock();
    try {
      return tasks.size() + (running ? 1 : 0);
    } finally {
      lock.unlock();
    }
  }

  private void change(Runnable change) {
    lock.lock();
    try {
      change.run();
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  private void work() {
    for (Runnable task = next(); task != null; task = next()) {
      try {
        task.run();
      } catch (RuntimeException | Error failure) {
        // Who needs it tries again and tells.
        LOG.debug("not made ahead: {}", failure.toString());
      }
    }
  }

  /** Waits for something to do and for the time to do it; null when closed. */
  private @Nullable Runnable next() {
    lock.lock();
    try {
      running = false;
      while (!closed) {
        if (tasks.isEmpty()) {
          changed.awaitUninterruptibly();
        } else if (paused) {
          waitsForQuiet = true;
          changed.awaitUninterruptibly();
          waitsForQuiet = false;
        } else {
          long wait = quietSince + quietNanos - System.nanoTime();
          if (wait <= 0) {
            running = true;
            return tasks.remove();
          }
          await(wait);
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  private void await(long nanos) {
    try {
      changed.awaitNanos(nanos);
    } catch (InterruptedException e) {
      closed = true; // nobody else has this thread
    }
  }

  /** Ends the thread, after the preparation that it is making. */
  @Override
  public void close() {
    change(() -> closed = true);
    if (ended != null) {
      ended.join();
    }
  }
}
