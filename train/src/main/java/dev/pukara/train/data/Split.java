package dev.pukara.train.data;

import java.util.HashMap;
import java.util.Map;

/**
 * Who is held out: by a hash of the text, so that more data does not move old rows. Cases of one
 * group or of one prompt stay on one side.
 */
final class Split {
  private static final int STEPS = 1 << 20;

  private final double share;
  private final long seed;

  /** Parent of each prompt and group in a forest of what belongs together. */
  private final Map<String, String> parents = new HashMap<>();

  Split(double share, long seed) {
    this.share = share;
    this.seed = seed;
  }

  void join(Case each) {
    String prompt = root(prompt(each));
    each.group()
        .ifPresent(
            group -> {
              String other = root("group " + group);
              // The smaller name leads, so that the order of the rows does not matter.
              if (prompt.compareTo(other) < 0) {
                parents.put(other, prompt);
              } else if (prompt.compareTo(other) > 0) {
                parents.put(prompt, other);
              }
            });
  }

  private static String prompt(Case each) {
    return "prompt " + each.prompt();
  }

  private String root(String name) {
    String at = name;
    for (String up = parents.get(at); up != null; up = parents.get(at)) {
      at = up;
    }
    return at;
  }

  boolean isHeldOut(Case each) {
    int hash = Seeds.random(seed, 7, root(prompt(each)).hashCode()).nextInt(STEPS);
    return hash < share * STEPS;
  }
}
