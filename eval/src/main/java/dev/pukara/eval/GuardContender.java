package dev.pukara.eval;

import dev.pukara.engine.EngineException;
import dev.pukara.eval.data.DataSet;
import dev.pukara.guard.CategoryScore;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.DecisionOptions;
import dev.pukara.guard.DefenceOptions;
import dev.pukara.guard.Guard;
import dev.pukara.guard.GuardOptions;
import dev.pukara.guard.Policy;
import dev.pukara.guard.PromptFormat;
import dev.pukara.guard.Trace;
import dev.pukara.guard.Verdict;
import dev.pukara.kernels.Precision;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A model in this process. Many messages are under way at once, so that the engine packs them. */
public final class GuardContender implements Contender {
  private static final int WINDOW = 64;
  private static final int QUEUE_MAX = 1 << 16;

  private final String label;
  private final GuardOptions options;
  private final Adaptation adaptation;

  /**
   * A guard.
   *
   * @param options without a policy: the prompt format's own
   * @param adaptation other than {@link Adaptation#NONE}: the data set's policy, where it has one
   */
  public GuardContender(String label, GuardOptions options, Adaptation adaptation) {
    this.label = label;
    // The window is what limits the messages under way: a message may be read in several forms and
    // asked about category by category, each a request.
    this.options = options.withEngine(options.engine().withQueueMax(QUEUE_MAX));
    this.adaptation = adaptation;
  }

  @Override
  public String label() {
    return label;
  }

  @Override
  public Policy policy(DataSet set) throws IOException {
    Optional<String> target = set.targetPolicy();
    if (target.isPresent() && adaptation == Adaptation.ZERO_SHOT) {
      return TargetPolicies.zeroShot(target.get());
    }
    if (target.isPresent() && adaptation == Adaptation.FEW_SHOT) {
      return TargetPolicies.fewShot(target.get());
    }
    if (options.policy().isPresent()) {
      return options.policy().get();
    }
    PromptFormat format =
        options.format().isPresent() ? options.format().get() : Guard.formatOf(options.model());
    return format.defaultPolicy();
  }

  @Override
  public Session open(Policy policy) throws IOException {
    return new GuardSession(Guard.open(options.withPolicy(policy)), settings(options));
  }

  private static String settings(GuardOptions options) {
    DecisionOptions decision = options.decision();
    DefenceOptions defences = options.defences();
    return String.format(
        Locale.ROOT,
        "precision %s, threshold %s, categories %s, disguises %s, joined turns %s, beginnings %s, every turn %s, windows %d/%d",
        options.precision().map(Precision::id).orElse("default"),
        decision.threshold().isPresent() ? decision.threshold().getAsDouble() : "default",
        decision.categories(),
        new TreeSet<>(defences.disguises()),
        defences.joinTurns(),
        defences.beginnings(),
        defences.everyTurn(),
        defences.windowTokens(),
        defences.overlapTokens());
  }

  private static final class GuardSession implements Session {
    private final Guard guard;
    private final Identity identity;

    GuardSession(Guard guard, String settings) {
      this.guard = guard;
      // A trace tells the digests; one short check also warms the policy's prefix.
      Trace trace = guard.check(Conversation.user("Hello")).trace();
      this.identity =
          new Identity(
              trace.model(),
              trace.modelDigest(),
              trace.policy(),
              trace.policyDigest(),
              trace.format(),
              trace.formatDigest(),
              settings,
              Identity.names(guard.policy()));
    }

    @Override
    public Identity identity() {
      return identity;
    }

    @Override
    public int window() {
      return WINDOW;
    }

    @Override
    public CompletableFuture<Rating> rate(Conversation conversation) {
      String digest = Sha256.of(guard.format().render(guard.policy(), conversation).text());
      long start = System.nanoTime();
      return guard
          .checkAsync(conversation)
          .handle(
              (verdict, failure) -> {
                double millis = (System.nanoTime() - start) / 1e6;
                if (failure != null) {
                  return tooLong(failure, digest, millis);
                }
                return rating(verdict, digest, millis);
              });
    }

    /** What does not fit the model cannot be read; every other failure ends the run. */
    private static Rating tooLong(Throwable failure, String digest, double millis) {
      Throwable cause = Evaluation.cause(failure);
      if (cause instanceof EngineException engine
          && engine.reason() == EngineException.Reason.TOO_LONG) {
        return new Rating(
            OptionalDouble.empty(), Rating.UNREADABLE, List.of(), Map.of(), digest, 0, millis);
      }
      throw failure instanceof CompletionException wrapped
          ? wrapped
          : new CompletionException(cause);
    }

    private static Rating rating(Verdict verdict, String digest, double millis) {
      Map<String, Double> scores = new LinkedHashMap<>();
      for (CategoryScore score : verdict.categoryScores()) {
        scores.put(score.code(), score.score());
      }
      OptionalDouble score = OptionalDouble.of(verdict.score());
      return switch (verdict) {
        case Verdict.Safe safe ->
            new Rating(
                score, Rating.SAFE, List.of(), scores, digest, safe.trace().tokens(), millis);
        case Verdict.Unsafe unsafe ->
            new Rating(
                score,
                Rating.UNSAFE,
                unsafe.categories().stream().map(CategoryScore::code).toList(),
                scores,
                digest,
                unsafe.trace().tokens(),
                millis);
        case Verdict.Unreadable unreadable ->
            new Rating(
                OptionalDouble.empty(),
                Rating.UNREADABLE,
                List.of(),
                scores,
                digest,
                unreadable.trace().tokens(),
                millis);
      };
    }

    @Override
    public void close() {
      guard.close();
    }
  }
}
