package dev.pukara.engine;

import dev.pukara.kernels.KvSpan;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One request on its way through the engine, or the computation of a shared prefix that requests
 * wait for. Plain state: the scheduler decides what runs, the engine fills in spans and logits.
 */
final class Sequence {
  final Request request;

  /** All tokens before the branches; for a prefix only those of the prefix. Grows in decoding. */
  int[] tokens;

  /** Null for a prefix. */
  final @Nullable CompletableFuture<Answer> reply;

  final long submittedNanos;

  /** On the scheduler's clock; {@link Long#MAX_VALUE} = never. */
  final long deadlineNanos;

  /** Null unless the request is decoded on. */
  private final @Nullable Decoding decoding;

  /** The prefix that is computed first; once it is done (or gave up) this is admitted. */
  @Nullable Sequence waitsFor;

  PrefixCache.@Nullable Match<KvSpan> match;

  /** Takes the tokens of the text, those of the match too. */
  @Nullable KvSpan own;

  /** Tokens of the policy's prefix, which are read where the cache has them. */
  int shared;

  boolean admitted;
  boolean failed;

  /** Tokens that need not be computed. */
  int cached;

  int cachedAtArrival = Integer.MAX_VALUE;
  int computed;
  int branchesDone;
  long startedNanos;
  final float[][] logits;
  final double[] normalizers;

  /** A sequence that ends with its answer. */
  Sequence(
      Request request,
      int[] tokens,
      @Nullable CompletableFuture<Answer> reply,
      long submittedNanos,
      long deadlineNanos) {
    this(request, tokens, reply, submittedNanos, deadlineNanos, null);
  }

  Sequence(
      Request request,
      int[] tokens,
      @Nullable CompletableFuture<Answer> reply,
      long submittedNanos,
      long deadlineNanos,
      @Nullable Decoding decoding) {
    this.decoding = decoding;
    this.request = request;
    this.tokens = tokens;
    this.reply = reply;
    this.submittedNanos = submittedNanos;
    this.deadlineNanos = deadlineNanos;
    int rows = Math.max(1, request.branches().size());
    this.logits = new float[rows][];
    this.normalizers = new double[request.normalize() ? rows : 0];
  }

  /** A shared prefix to be computed; nobody waits for its logits. */
  static Sequence prefix(int[] tokens, long now) {
    Request request = Request.of(new int[0], tokens);
    return new Sequence(request, tokens, null, now, Long.MAX_VALUE);
  }

  boolean isPrefix() {
    return reply == null;
  }

  /**
   * Takes what is cached, and memory for the rest. What is cached of the text itself is copied in
   * front of what will be computed: attention then adds in the order in which it adds a text that
   * is new, and the same text has the same answer whatever was read before it.
   */
  void hold(PrefixCache.Match<KvSpan> cachedStart, KvSpan memory) {
    match = cachedStart;
    own = memory;
    cached = cachedStart.tokens();
    shared = sharedOf(cached);
    int position = 0;
    for (PrefixCache.Used<KvSpan> used : cachedStart.parts()) {
      if (position >= shared) { // not the policy, which is one part, the first
        used.span().copyTo(0, used.tokens(), memory, position - shared);
      }
      position += used.tokens();
    }
  }

  /** Its memory is gone: the stem is computed again; answers of branches that are there stay. */
  void startOver() {
    admitted = false;
    cached = 0;
    shared = 0;
    computed = 0;
  }

  /** How many of the first {@code count} tokens belong to the policy. */
  private int sharedOf(int count) {
    return Math.min(count, request.prefix().length);
  }

  /** Tokens of the text that were cached. */
  int copied() {
    return cached - shared;
  }

  /** Tokens of the stem that are still to be computed. */
  int stemLeft() {
    return tokens.length - cached - computed;
  }

  /**
   * Tokens for which a sequence needs memory, if so many of its first ones are cached: the text,
   * and what decoding will still append.
   */
  int roomNeeded(int cachedTokens) {
    int appended = decoding == null ? 0 : decoding.appendedLeft();
    return tokens.length - sharedOf(cachedTokens) + appended;
  }

  /** After the logits came: goes on with the most probable token, if this sequence is decoded. */
  void decodeOn() {
    int next = decoding == null ? -1 : decoding.next(logits[0]);
    if (next >= 0) {
      tokens = Arrays.copyOf(tokens, tokens.length + 1);
      tokens[tokens.length - 1] = next;
    }
  }

  /** Branches that are still to be computed. */
  int branchesLeft() {
    return isPrefix() ? 0 : request.branches().size() - branchesDone;
  }

  boolean finished() {
    return admitted && stemLeft() == 0 && branchesLeft() == 0;
  }

  /** Nobody waits for it any more. */
  boolean cancelled() {
    return failed || reply != null && reply.isDone();
  }

  boolean expired(long now) {
    return now - deadlineNanos >= 0 && deadlineNanos != Long.MAX_VALUE;
  }
}
