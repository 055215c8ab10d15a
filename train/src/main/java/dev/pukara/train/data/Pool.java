package dev.pukara.train.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Cases of one source and class, drawn in a random order without repetition until all prompts were
 * drawn, then in another one. A prompt with many rows counts once: each time another of them.
 */
final class Pool {
  private final String name;
  private final long seed;
  private final List<List<Case>> prompts;
  private long drawn;
  private long shuffledRound = -1;
  private List<List<Case>> order = List.of();

  Pool(String name, long seed, List<Case> cases) {
    this.name = name;
    this.seed = seed;
    Map<String, List<Case>> byPrompt = new LinkedHashMap<>();
    for (Case each : cases) {
      byPrompt.computeIfAbsent(each.prompt(), key -> new ArrayList<>()).add(each);
    }
    this.prompts = List.copyOf(byPrompt.values());
  }

  String name() {
    return name;
  }

  /** Number of different prompts. */
  int size() {
    return prompts.size();
  }

  /** Some case of the pool, the same each time. */
  Case sample(int index) {
    return prompts.get(index * 7919 % prompts.size()).getFirst();
  }

  Case draw() {
    long round = drawn / prompts.size();
    if (round != shuffledRound) {
      order = new ArrayList<>(prompts);
      Collections.shuffle(order, random(round));
      shuffledRound = round;
    }
    List<Case> rows = order.get((int) (drawn % prompts.size()));
    drawn++;
    return rows.get((int) (round % rows.size()));
  }

  /** The last draw did not take place. */
  void putBack() {
    drawn--;
  }

  private Random random(long round) {
    return Seeds.random(seed, name.hashCode(), round);
  }

  /** Draws so far: all that a pool must remember. */
  long drawn() {
    return drawn;
  }

  void restore(long draws) {
    drawn = draws;
  }
}
