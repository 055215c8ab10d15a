package dev.pukara.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * Which examples of a policy stand in its prompt. They are taken in rounds: the first unsafe and
 * the first safe one of every category in the policy's order, then the second ones, so that a small
 * budget shows both sides of every category before it shows more of one. One that does not fit is
 * left out, and smaller ones after it still come.
 */
final class FewShot {
  private FewShot() {}

  /**
   * The policy with its demonstrations.
   *
   * @param prefixTokens length of a policy's part of the prompt
   */
  static Policy choose(Policy policy, ToIntFunction<Policy> prefixTokens) {
    int budget = policy.settings().fewShotTokens();
    List<Example> chosen = new ArrayList<>();
    if (budget > 0) {
      int bare = prefixTokens.applyAsInt(policy.withDemonstrations(List.of()));
      for (Example example : rounds(policy)) {
        chosen.add(example);
        if (prefixTokens.applyAsInt(policy.withDemonstrations(chosen)) - bare > budget) {
          chosen.removeLast();
        }
      }
    }
    return policy.withDemonstrations(chosen);
  }

  private static List<Example> rounds(Policy policy) {
    List<List<Example>> queues = new ArrayList<>();
    for (Category category : policy.categories()) {
      queues.add(category.examples().stream().filter(example -> !example.isSafe()).toList());
      queues.add(category.examples().stream().filter(Example::isSafe).toList());
    }
    int longest = queues.stream().mapToInt(List::size).max().orElse(0);
    List<Example> order = new ArrayList<>();
    for (int round = 0; round < longest; round++) {
      for (List<Example> queue : queues) {
        if (round < queue.size() && !order.contains(queue.get(round))) {
          order.add(queue.get(round));
        }
      }
    }
    return order;
  }
}
