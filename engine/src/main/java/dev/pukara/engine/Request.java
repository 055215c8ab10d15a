package dev.pukara.engine;

import java.time.Duration;
import java.util.List;

/**
 * One question to the model, in token ids: the logits of a few candidate tokens after one or more
 * branches of a text.
 *
 * <p>The text is {@code prefix + stem}; each branch continues it on its own (they do not see each
 * other). Without branches the question is asked at the end of the stem. The prefix is kept in the
 * cache in preference to all else: it is the policy that many requests share.
 *
 * @param prefix tokens shared by many requests; may be empty
 * @param stem tokens of this request, at least one
 * @param branches continuations, each at least one token; empty = ask at the end of the stem
 * @param candidates token ids whose logits are wanted; empty = the whole vocabulary
 * @param normalize true if the log of the sum over the whole vocabulary is wanted too
 * @param timeout after which the request is dropped unanswered; zero = never
 */
public record Request(
    int[] prefix,
    int[] stem,
    List<int[]> branches,
    int[] candidates,
    boolean normalize,
    Duration timeout) {

  /** Checks that there is something to compute. */
  public Request {
    branches = List.copyOf(branches);
    if (stem.length == 0) {
      throw new IllegalArgumentException("the stem is empty; it needs at least one token");
    }
    for (int[] branch : branches) {
      if (branch.length == 0) {
        throw new IllegalArgumentException("a branch is empty; it needs at least one token");
      }
    }
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("timeout " + timeout + " is negative");
    }
  }

  /** The question at the end of {@code prefix + stem}. */
  public static Request of(int[] prefix, int[] stem, int... candidates) {
    return new Request(prefix, stem, List.of(), candidates, false, Duration.ZERO);
  }

  /** The same with branches. */
  public Request withBranches(List<int[]> newBranches) {
    return new Request(prefix, stem, newBranches, candidates, normalize, timeout);
  }

  /** The same, with the normaliser or without. */
  public Request withNormalize(boolean value) {
    return new Request(prefix, stem, branches, candidates, value, timeout);
  }

  /** The same with a time limit. */
  public Request withTimeout(Duration limit) {
    return new Request(prefix, stem, branches, candidates, normalize, limit);
  }

  /** Tokens of the longest text that the model reads: branches do not see each other. */
  int longest() {
    int branch = branches.stream().mapToInt(each -> each.length).max().orElse(0);
    return prefix.length + stem.length + branch;
  }

  /** All tokens of the request, branches included. */
  public int tokens() {
    int tokens = prefix.length + stem.length;
    for (int[] branch : branches) {
      tokens += branch.length;
    }
    return tokens;
  }
}
