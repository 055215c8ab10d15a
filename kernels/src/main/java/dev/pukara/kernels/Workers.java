package dev.pukara.kernels;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed team of threads for short parallel loops: the calling thread is member 0, the others
 * wait, first spinning, then parked. A loop costs a few microseconds, since a forward pass runs
 * hundreds of them.
 *
 * <p>One thread at a time may call {@link #run}.
 */
public final class Workers implements AutoCloseable {
  /** One member's part of the work. */
  @FunctionalInterface
  public interface Part {
    /** Does part {@code member} of {@code members}. */
    void run(int member, int members);
  }

  /** One call of {@link #run}. */
  private static final class Job {
    final Part part;
    final AtomicInteger left;
    final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    Job(Part part, int members) {
      this.part = part;
      this.left = new AtomicInteger(members - 1);
    }
  }

  /** Iterations of spinning before a thread parks: some 50 microseconds. */
  private static final int SPINS = 20_000;

  private final Thread[] threads;
  private volatile @Nullable Job job;
  private volatile boolean closed;
  private final AtomicBoolean busy = new AtomicBoolean();

  /** Starts {@code members - 1} daemon threads. */
  public Workers(int members) {
    if (members < 1) {
      throw new IllegalArgumentException("a team of " + members);
    }
    threads = new Thread[members - 1];
    for (int i = 0; i < threads.length; i++) {
      int member = i + 1;
      threads[i] =
          Thread.ofPlatform()
              .daemon()
              .name("pukara-worker-" + member)
              .unstarted(() -> work(member));
      threads[i].start();
    }
  }

  /** A team of as many members as the JVM may use processors (it respects the cgroup). */
  public static Workers all() {
    return new Workers(
        Integer.getInteger("pukara.threads", Runtime.getRuntime().availableProcessors()));
  }

  /** Number of members, the caller included. */
  public int members() {
    return threads.length + 1;
  }

  /**
   * Runs {@code part} once for every member and returns when all are done; the first failure is
   * thrown.
   */
  public void run(Part part) {
    int members = members();
    if (closed) {
      throw new IllegalStateException("workers are closed");
    }
    if (!busy.compareAndSet(false, true)) {
      throw new IllegalStateException(
          "workers are used by two threads at once; give each engine kernels of its own");
    }
    try {
      runAll(part, members);
    } finally {
      busy.set(false);
    }
  }

  private void runAll(Part part, int members) {
    if (members == 1) {
      part.run(0, 1);
      return;
    }
    Job current = new Job(part, members);
    job = current;
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
    }
    try {
      part.run(0, members);
    } catch (Throwable failure) {
      current.failure.compareAndSet(null, failure);
    }
    for (int spins = 0; current.left.get() > 0; spins++) {
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield(); // on a busy machine the others may need this processor
      }
    }
    job = null;
    Throwable failure = current.failure.get();
    switch (failure) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(failure);
    }
  }

  /**
   * Cuts {@code 0..count} into one range per member, at multiples of {@code grain}, and runs them
   * side by side.
   */
  public void split(int count, int grain, Range range) {
    int units = (count + grain - 1) / grain;
    if (units <= 1 || members() == 1) {
      if (count > 0) {
        range.run(0, count);
      }
      return;
    }
    run(
        (member, members) -> {
          int from = Math.min(count, (int) ((long) units * member / members) * grain);
          int to = Math.min(count, (int) ((long) units * (member + 1) / members) * grain);
          if (from < to) {
            range.run(from, to);
          }
        });
  }

  /** A part {@code from..to} of a loop. */
  @FunctionalInterface
  public interface Range {
    /** Does the iterations {@code from..to}. */
    void run(int from, int to);
  }

  private void work(int member) {
    Job done = null;
    int spins = 0;
    while (!closed) {
      Job next = job;
      if (next == null || next == done) {
        if (++spins < SPINS) {
          Thread.onSpinWait();
        } else {
          LockSupport.park(this);
        }
        continue;
      }
      try {
        next.part.run(member, members());
      } catch (Throwable failure) {
        next.failure.compareAndSet(null, failure);
      }
      next.left.decrementAndGet();
      done = next;
      spins = 0;
    }
  }

  /** Ends the threads. */
  @Override
  public void close() {
    closed = true;
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
    }
  }
}
