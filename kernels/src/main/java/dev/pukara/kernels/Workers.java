package dev.pukara.kernels;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed team of threads for short parallel loops: the calling thread is member 0. A loop costs a
 * few microseconds, since a forward pass runs hundreds of them.
 *
 * <p>Who waits spins for a while and then sleeps. Spinning is quick, but on a machine where another
 * process has taken a core it does harm: as long as a member spins, the operating system sees no
 * free core to which it could move the member that lost its own. So patience is about as long as a
 * member that is running can take; whoever waits longer waits for one that is not.
 *
 * <p>One thread at a time may call {@link #run}.
 */
public final class Workers implements AutoCloseable {
  /** One member's part of the work. */
  @FunctionalInterface
  public interface Part {
    /**
     * Does part {@code member} of {@code members}, usually on a thread of its own; the part of a
     * member that is not awake may be done by the caller, after its own.
     */
    void run(int member, int members);
  }

  /** A part {@code from..to} of a loop. */
  @FunctionalInterface
  public interface Range {
    /** Does the iterations {@code from..to}. */
    void run(int from, int to);
  }

  /** A part {@code from..to} of a loop, done by {@code member}. */
  @FunctionalInterface
  public interface Portion {
    /** Does the iterations {@code from..to} on the thread of {@code member}. */
    void run(int member, int from, int to);
  }

  /** One call of {@link #run}. */
  private static final class Job {
    final Part part;
    final AtomicInteger left;
    final AtomicIntegerArray taken;
    final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    /** The caller, once it has lost patience. */
    volatile @Nullable Thread sleeper;

    Job(Part part, int members) {
      this.part = part;
      this.left = new AtomicInteger(members);
      this.taken = new AtomicIntegerArray(members);
    }

    boolean take(int member) {
      return taken.compareAndSet(member, 0, 1);
    }

    void done() {
      if (left.decrementAndGet() == 0) {
        LockSupport.unpark(sleeper);
      }
    }
  }

  /** How long a member spins until the next loop begins. */
  private static final long IDLE_NANOS = 200_000;

  /** How long the caller spins for the others, at least and at most. */
  private static final long PATIENCE_MIN_NANOS = 30_000;

  private static final long PATIENCE_MAX_NANOS = 500_000;

  /** Portions per member: one that has lost its core leaves the others to the rest of the team. */
  private static final int PORTIONS = 4;

  /** Longs of a cache line, so that members do not write into the same. */
  private static final int LINE = 16;

  private final Thread[] threads;

  /** {@code (members)}, each in its own cache line: nanoseconds in parts. */
  private final long[] busyNanos;

  private final AtomicInteger asleep = new AtomicInteger();
  private volatile @Nullable Job job;
  private volatile boolean closed;
  private final AtomicBoolean busy = new AtomicBoolean();

  /** Starts {@code members - 1} daemon threads. */
  public Workers(int members) {
    if (members < 1) {
      throw new IllegalArgumentException("a team of " + members);
    }
    busyNanos = new long[LINE * members];
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

  /** Time that all members together have spent in their parts, between loops. */
  long busyNanos() {
    long sum = 0;
    for (int member = 0; member < members(); member++) {
      sum += busyNanos[LINE * member];
    }
    return sum;
  }

  /**
   * Runs {@code part} once for every member and returns when all are done; the first failure is
   * thrown.
   */
  public void run(Part part) {
    if (closed) {
      throw new IllegalStateException("workers are closed");
    }
    if (!busy.compareAndSet(false, true)) {
      throw new IllegalStateException(
          "workers are used by two threads at once; give each engine kernels of its own");
    }
    try {
      if (members() == 1) {
        timed(part, 0);
      } else {
        runAll(new Job(part, members()));
      }
    } finally {
      busy.set(false);
    }
  }

  private void timed(Part part, int member) {
    long start = System.nanoTime();
    try {
      part.run(member, members());
    } finally {
      busyNanos[LINE * member] += System.nanoTime() - start;
    }
  }

  private void runAll(Job current) {
    job = current;
    if (asleep.get() > 0) {
      for (Thread thread : threads) {
        LockSupport.unpark(thread);
      }
    }
    long start = System.nanoTime();
    for (int member = 0; member < members(); member++) {
      takePart(current, member);
    }
    long own = System.nanoTime() - start;
    await(current, Math.clamp(own, PATIENCE_MIN_NANOS, PATIENCE_MAX_NANOS));
    job = null;
    Throwable failure = current.failure.get();
    switch (failure) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(failure);
    }
  }

  /** Does the part of a member unless somebody has begun it. */
  private void takePart(Job current, int member) {
    if (current.take(member)) {
      try {
        timed(current.part, member);
      } catch (Throwable failure) {
        current.failure.compareAndSet(null, failure);
      }
      current.done();
    }
  }

  private void await(Job current, long patienceNanos) {
    long start = System.nanoTime();
    while (current.left.get() > 0) {
      if (System.nanoTime() - start < patienceNanos) {
        Thread.onSpinWait();
      } else {
        current.sleeper = Thread.currentThread();
        if (current.left.get() > 0) {
          LockSupport.park(this);
        }
      }
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

  /** Cuts {@code 0..count} into a few portions per member, which they take until none is left. */
  public void share(int count, Portion portion) {
    int portions = Math.min(count, PORTIONS * members());
    AtomicInteger next = new AtomicInteger();
    run(
        (member, members) -> {
          for (int p = next.getAndIncrement(); p < portions; p = next.getAndIncrement()) {
            int from = (int) ((long) count * p / portions);
            int to = (int) ((long) count * (p + 1) / portions);
            portion.run(member, from, to);
          }
        });
  }

  private void work(int member) {
    Job done = null;
    long idleSince = System.nanoTime();
    while (!closed) {
      Job next = job;
      if (next == null || next == done) {
        if (System.nanoTime() - idleSince < IDLE_NANOS) {
          Thread.onSpinWait();
        } else {
          sleep(done);
        }
        continue;
      }
      takePart(next, member);
      done = next;
      idleSince = System.nanoTime();
    }
  }

  /** Sleeps until there may be a job other than {@code done}. */
  private void sleep(@Nullable Job done) {
    asleep.incrementAndGet();
    Job next = job;
    if ((next == null || next == done) && !closed) {
      LockSupport.park(this);
    }
    asleep.decrementAndGet();
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
