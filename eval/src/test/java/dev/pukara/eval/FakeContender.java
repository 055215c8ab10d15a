package dev.pukara.eval;

import dev.pukara.eval.data.DataSet;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.Policies;
import dev.pukara.guard.Policy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Calls a message unsafe by how often it says "bad", a category by its code in the text; "garbled"
 * is unreadable. Fails after a number of messages if asked to.
 */
final class FakeContender implements Contender {
  final AtomicInteger asked = new AtomicInteger();
  private final String label;
  private final double weight;
  private final int failAfter;

  FakeContender(String label, double weight, int failAfter) {
    this.label = label;
    this.weight = weight;
    this.failAfter = failAfter;
  }

  @Override
  public String label() {
    return label;
  }

  @Override
  public Policy policy(DataSet set) {
    return Policies.find("llama-guard-3");
  }

  @Override
  public Session open(Policy policy) {
    return new Session() {
      @Override
      public Identity identity() {
        return new Identity(
            "fake-" + weight,
            "m" + weight,
            policy.id(),
            policy.digest(),
            "none",
            "f",
            "",
            Identity.names(policy));
      }

      @Override
      public int window() {
        return 3;
      }

      @Override
      public CompletableFuture<Rating> rate(Conversation conversation) {
        if (asked.incrementAndGet() > failAfter) {
          return CompletableFuture.failedFuture(new IllegalStateException("killed"));
        }
        return CompletableFuture.completedFuture(rating(conversation.last().text(), policy));
      }

      @Override
      public void close() {}
    };
  }

  private Rating rating(String text, Policy policy) {
    if (text.contains("garbled")) {
      return new Rating(
          OptionalDouble.empty(), Rating.UNREADABLE, List.of(), Map.of(), Sha256.of(text), 1, 1);
    }
    double score = 1 / (1 + Math.exp(2 - weight * text.split("bad", -1).length));
    Map<String, Double> categories = new LinkedHashMap<>();
    policy
        .categories()
        .forEach(c -> categories.put(c.code(), text.contains(c.code() + ".") ? 0.9 : 0.1));
    boolean unsafe = score >= 0.5;
    return new Rating(
        OptionalDouble.of(score),
        unsafe ? Rating.UNSAFE : Rating.SAFE,
        unsafe ? List.of("S1") : List.of(),
        categories,
        Sha256.of(text),
        7,
        1.5);
  }
}
