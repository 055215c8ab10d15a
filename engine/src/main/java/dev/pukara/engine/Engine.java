package dev.pukara.engine;

import dev.pukara.cache.UserCache;
import dev.pukara.kernels.KvSpan;
import dev.pukara.model.Llama;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers {@link Request}s with one model: a bounded queue, a scheduler that packs the tokens of
 * many requests into one forward pass, and a prefix cache so that a policy is computed once.
 *
 * <p>Threads: any number of callers; one engine thread works at its own pace and owns scheduler,
 * cache and model; what depends on an answer runs on a virtual thread of its own; another compiles
 * products while there is nothing to do (see {@link EngineOptions#productsAheadMax}). {@link
 * #close()} answers what is in flight with {@link EngineException.Reason#CLOSED}.
 */
public final class Engine implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

  /** A time limit as good as none; greater ones do not fit the clock. */
  private static final Duration FOREVER = Duration.ofDays(36_500);

  /** Messages up to this length find the products of attention ready. */
  private static final int USUAL_TOKENS = 128;

  private final Llama model;
  private final EngineOptions options;
  private final Thread thread;
  private final Ahead ahead;
  private final RequestLimits limits;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final Deque<Sequence> inbox = new ArrayDeque<>(); // guarded by lock
  private int inFlight; // guarded by lock
  private boolean closed; // guarded by lock

  // Owned by the engine thread.
  private final Deque<Sequence> arrivals = new ArrayDeque<>();
  private final Scheduler scheduler;
  private final PrefixMemory memory;
  private final Heads heads;
  private final Map<TokenKey, Sequence> prefixes = new HashMap<>();

  private final Replies replies = new Replies();
  private final AtomicLong refused = new AtomicLong();
  private long answered;
  private long steps;
  private long computedTokens;
  private long cachedTokens;

  /** Without products, which {@link #stats()} adds. */
  private volatile EngineStats stats = EngineStats.NONE;

  /** Starts the engine thread. The model is used by this engine alone and closed with it. */
  public Engine(Llama model, EngineOptions options) {
    this(model, options, Optional.empty());
  }

  /**
   * The same; keys and values of the first prefixes are kept in the user's cache for the next
   * start.
   */
  public Engine(Llama model, EngineOptions options, Optional<UserCache> userCache) {
    this.model = model;
    this.options = options;
    int step = Math.min(options.stepTokensMax(), model.maxRows());
    this.limits = new RequestLimits(model.config().vocabulary(), options.requestTokensMax(), step);
    this.scheduler = new Scheduler(step);
    this.ahead = new Ahead(options.aheadAfter(), options.productsAheadMax());
    this.heads = new Heads(model, head -> ahead.add(() -> head.linear().preparations(step)));
    this.memory =
        new PrefixMemory(
            model,
            options.cacheBytesMax(),
            userCache.map(place -> new PrefixStore(place, model)),
            tokens -> ahead.add(() -> model.attentionPreparations(tokens, tokens)));
    this.thread = Thread.ofPlatform().name("pukara-engine").daemon().unstarted(this::work);
    thread.start();
    ahead.add(model::layerPreparations);
    ahead.add(() -> model.attentionPreparations(1, USUAL_TOKENS));
  }

  /**
   * Queues a request.
   *
   * @return the answer; fails with {@link EngineException}. Cancelling it drops the request before
   *     its next step
   * @throws EngineException at once if the queue is full, the request too long or the engine closed
   */
  public CompletableFuture<Answer> submit(Request request) {
    limits.check(request, request.longest());
    return submit(request, null);
  }

  /**
   * Queues a request for greedy decoding. It shares steps, cache and limits with all others; every
   * token is one step of one row.
   *
   * @return the text; fails with {@link EngineException}. Cancelling it ends the decoding before
   *     its next step
   * @throws EngineException as {@link #submit}
   */
  public CompletableFuture<Decoded> decode(DecodeRequest request) {
    Request question = request.question();
    limits.check(question, request.longest());
    Decoding decoding = new Decoding(request);
    CompletableFuture<Answer> answer = submit(question, decoding);
    CompletableFuture<Decoded> decoded = answer.thenApply(decoding::result);
    decoded.whenComplete((result, failure) -> answer.cancel(false));
    return decoded;
  }

  private CompletableFuture<Answer> submit(Request request, @Nullable Decoding decoding) {
    long now = System.nanoTime();
    boolean forever = request.timeout().isZero() || request.timeout().compareTo(FOREVER) > 0;
    long deadline = forever ? Long.MAX_VALUE : now + request.timeout().toNanos();
    int[] tokens = Arrays.copyOf(request.prefix(), request.prefix().length + request.stem().length);
    System.arraycopy(request.stem(), 0, tokens, request.prefix().length, request.stem().length);
    CompletableFuture<Answer> reply = new CompletableFuture<>();
    lock.lock();
    try {
      if (closed) {
        throw new EngineException(EngineException.Reason.CLOSED, "the engine is closed");
      }
      if (inFlight >= options.queueMax()) {
        refused.incrementAndGet();
        throw new EngineException(
            EngineException.Reason.BUSY,
            "the queue is full ("
                + options.queueMax()
                + " requests); try again later or raise queueMax");
      }
      if (inFlight++ == 0) {
        ahead.pause();
      }
      inbox.add(new Sequence(request, tokens, reply, now, deadline, decoding));
      arrived.signal();
    } finally {
      lock.unlock();
    }
    return reply;
  }

  /** Counters. */
  public EngineStats stats() {
    return stats.withProducts(model.productCounts(), ahead.left());
  }

  /** The model's vocabulary and shape. */
  public Llama model() {
    return model;
  }

  private void work() {
    while (takeArrivals()) {
      try {
        enqueueArrivals();
        step();
      } catch (RuntimeException | Error failure) {
        LOG.error("forward pass failed: {}", failure.toString(), failure);
        failAll(EngineException.Reason.FAILED, "the forward pass failed: " + failure, failure);
      }
      publishStats();
    }
    failAll(EngineException.Reason.CLOSED, "the engine was closed before the answer", null);
    publishStats();
  }

  /** Waits for something to do; false when closed. */
  private boolean takeArrivals() {
    lock.lock();
    try {
      while (inbox.isEmpty() && scheduler.size() == 0 && !closed) {
        arrived.awaitUninterruptibly();
      }
      if (closed) {
        return false;
      }
      arrivals.addAll(inbox);
      inbox.clear();
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void enqueueArrivals() {
    for (Sequence sequence; (sequence = arrivals.poll()) != null; ) {
      try {
        enqueue(sequence);
      } catch (RuntimeException | Error failure) {
        LOG.error("a request could not be queued: {}", failure.toString(), failure);
        fail(
            sequence,
            EngineException.Reason.FAILED,
            "the request could not be queued: " + failure,
            failure);
      }
    }
  }

  private void enqueue(Sequence sequence) {
    int[] prefix = sequence.request.prefix();
    TokenKey key = new TokenKey(prefix);
    if (prefixes.containsKey(key) || !memory.hasPolicy(prefix)) {
      sequence.cachedAtArrival = memory.cachedBeginning(prefix);
      sequence.waitsFor = prefixes.computeIfAbsent(key, this::startPrefix);
    }
    scheduler.add(sequence);
  }

  private Sequence startPrefix(TokenKey key) {
    Sequence prefix = Sequence.prefix(key.tokens(), System.nanoTime());
    scheduler.add(prefix);
    return prefix;
  }

  private void step() {
    for (Sequence gone : scheduler.drop(System.nanoTime())) {
      fail(gone, EngineException.Reason.TIMEOUT, "the time limit passed before the answer", null);
    }
    List<Scheduler.Work> planned = scheduler.next(this::admit);
    if (planned.isEmpty()) {
      return;
    }
    Batch batch = Batch.of(planned, memory);
    // Only branches are left to compute, and those who wait for theirs hold all memory.
    Sequence first = planned.getFirst().sequence();
    while (batch.done().isEmpty()) {
      Optional<Sequence> other = scheduler.postpone(first);
      if (other.isEmpty()) {
        scheduler.remove(first);
        fail(first, EngineException.Reason.TOO_LONG, memory.noRoom(first.tokens.length), null);
        return;
      }
      giveBack(other.get());
      other.get().startOver();
      batch = Batch.of(List.of(planned.getFirst()), memory);
    }
    try {
      model.forward(batch.tokens(), batch.slices());
      steps++;
      computedTokens += batch.tokens().length;
      heads.answer(batch.questions());
      batch.questions().forEach(question -> question.sequence().decodeOn());
    } finally {
      batch.branchSpans().forEach(memory::give);
    }
    List<Runnable> replies = scheduler.complete(batch.done()).stream().map(this::finish).toList();
    publishStats(); // who has an answer finds it counted
    replies.forEach(Runnable::run);
  }

  /** Gives a sequence what is cached of it, and its memory. */
  private boolean admit(Sequence sequence) {
    if (sequence.waitsFor != null && prefixes.containsValue(sequence.waitsFor)) {
      return false;
    }
    // The last token is computed even if it is cached: its hidden state gives the logits.
    int most = sequence.tokens.length - 1;
    int policy = Math.min(most, sequence.request.prefix().length);
    // If memory is short, what is cached of the text goes, to be computed in its place.
    boolean admitted = admit(sequence, most) || policy < most && admit(sequence, policy);
    if (!admitted && !scheduler.isRunning()) {
      fail(sequence, EngineException.Reason.TOO_LONG, memory.noRoom(sequence.tokens.length), null);
    }
    return admitted;
  }

  private boolean admit(Sequence sequence, int cachedMax) {
    PrefixCache.Match<KvSpan> match = memory.match(sequence, cachedMax);
    try {
      KvSpan own = memory.takeIfItFits(sequence.roomNeeded(match.tokens()));
      if (own != null) {
        sequence.admitted = true;
        sequence.hold(match, own);
        sequence.startedNanos = System.nanoTime();
      }
    } finally {
      if (!sequence.admitted) {
        memory.release(match);
      }
    }
    return sequence.admitted;
  }

  /** Keeps what was computed; what comes back gives the caller its answer. */
  private Runnable finish(Sequence sequence) {
    try {
      keep(sequence);
    } catch (RuntimeException | Error failure) {
      // The answer is there all the same; the next request computes again.
      LOG.warn("{} tokens are not kept: {}", sequence.tokens.length, failure.toString(), failure);
    }
    CompletableFuture<Answer> reply = sequence.reply;
    if (reply == null) {
      return () -> {};
    }
    long now = System.nanoTime();
    answered++;
    // A prefix that was computed for this request is no hit.
    int hits = Math.min(sequence.cached, sequence.cachedAtArrival);
    cachedTokens += hits;
    leave();
    Answer answer =
        new Answer(
            sequence.logits,
            sequence.normalizers,
            sequence.request.tokens(),
            hits,
            sequence.startedNanos - sequence.submittedNanos,
            now - sequence.startedNanos);
    return () -> replies.give(reply, answer);
  }

  /** Puts what was computed into the cache and gives back the rest. */
  private void keep(Sequence sequence) {
    PrefixCache.Match<KvSpan> match = Objects.requireNonNull(sequence.match);
    KvSpan own = Objects.requireNonNull(sequence.own);
    sequence.match = null;
    sequence.own = null; // the cache's from here on, even if something fails
    try {
      if (sequence.isPrefix()) {
        memory.keepPolicy(sequence.tokens, own);
      } else if (sequence.shared == sequence.request.prefix().length) {
        memory.keepText(match, sequence.tokens, own, sequence.copied());
      } else {
        memory.give(own); // of a policy that had to go again: nothing to hang the text behind
      }
    } finally {
      memory.release(match);
      prefixes.values().remove(sequence);
    }
  }

  /** Whatever memory a sequence has. */
  private void giveBack(Sequence sequence) {
    if (sequence.match != null && sequence.own != null) {
      memory.give(sequence.own);
      memory.release(sequence.match);
      sequence.match = null;
      sequence.own = null;
    }
    prefixes.values().remove(sequence);
  }

  private void leave() {
    lock.lock();
    try {
      if (--inFlight == 0) {
        ahead.resume();
      }
    } finally {
      lock.unlock();
    }
  }

  private void fail(
      Sequence sequence, EngineException.Reason reason, String message, @Nullable Throwable cause) {
    giveBack(sequence);
    boolean told = sequence.failed;
    sequence.failed = true;
    if (sequence.reply == null || told) {
      return;
    }
    leave();
    refused.incrementAndGet();
    EngineException failure = new EngineException(reason, message, cause);
    replies.refuse(sequence.reply, failure);
  }

  private void failAll(EngineException.Reason reason, String message, @Nullable Throwable cause) {
    lock.lock();
    try {
      arrivals.addAll(inbox);
      inbox.clear();
    } finally {
      lock.unlock();
    }
    arrivals.forEach(sequence -> fail(sequence, reason, message, cause));
    arrivals.clear();
    scheduler.drain().forEach(sequence -> fail(sequence, reason, message, cause));
  }

  private void publishStats() {
    stats =
        new EngineStats(
            answered,
            refused.get(),
            steps,
            computedTokens,
            cachedTokens,
            memory.reservedBytes(),
            memory.usedBytes(),
            memory.keptBytes(),
            memory.nodes(),
            memory.evictions(),
            scheduler.size(),
            0,
            0,
            0);
  }

  /**
   * Ends the engine thread, answers what is in flight with CLOSED, frees the cache and the model.
   * Once is enough; who closes while another does waits until all that is done.
   */
  @Override
  public synchronized void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      arrived.signal();
    } finally {
      lock.unlock();
    }
    ahead.close();
    Threads.join(thread);
    replies.await();
    heads.close();
    memory.close();
    model.close();
  }
}
