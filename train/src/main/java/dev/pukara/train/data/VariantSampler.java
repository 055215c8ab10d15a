package dev.pukara.train.data;

import dev.pukara.guard.Example;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Samples the policy of a batch: which, in which words, with which categories, order, codes. */
final class VariantSampler {
  private static final int TRIES_MAX = 8;
  private static final int TOPICS_MAX = 2;
  private static final int SHOTS_MAX = 4;

  /** Share of a batch's unsafe cases that its flipped policy lets pass. */
  private static final double FLIPS_MIN = 0.25;

  private static final double FLIPS_MAX = 0.65;

  /** Longer texts are no demonstrations. */
  private static final int SHOT_CHARACTERS_MAX = 240;

  private final DataOptions options;
  private final PolicyBook book;
  private final Pools pools;
  private final List<String> ids;
  private final List<Double> shares;

  VariantSampler(DataOptions options, PolicyBook book, Pools pools) {
    this.options = options;
    this.book = book;
    this.pools = pools;
    this.ids = options.policies().keySet().stream().sorted().toList();
    this.shares = ids.stream().map(id -> options.policies().get(id)).toList();
    ids.forEach(book::outline);
  }

  /** A variant under which the data has safe and unsafe cases, if there is one. */
  Variant sample(int step, Random random) {
    Variant variant = any(step, random);
    for (int i = 1; i < TRIES_MAX && !pools.under(variant).hasBoth(); i++) {
      variant = any(step, random);
    }
    return variant;
  }

  private Variant any(int step, Random random) {
    Rates rates = options.rates();
    Outline outline = book.outline(ids.get(Pools.pick(shares, random)));
    boolean describe = !rates.namesOnly().hits(step, random);
    Variant variant = outline.variant(random, rates.reword().at(step), describe);
    boolean violated = rates.dropViolated().hits(step, random);
    boolean unviolated = rates.dropUnviolated().hits(step, random);
    if (violated || unviolated) {
      Optional<Case> anchor = anchor(variant, random);
      if (anchor.isPresent()) {
        variant =
            violated
                ? PolicyChanges.dropViolated(variant, anchor.get(), random)
                : PolicyChanges.dropUnviolated(variant, anchor.get(), random);
      }
    }
    if (rates.topics().hits(step, random)) {
      variant = withTopics(variant, random);
    }
    variant = ordered(variant, step, random);
    return rates.shots().hits(step, random) ? withShots(variant, random) : variant;
  }

  /** A case whose violated categories are known. */
  private Optional<Case> anchor(Variant variant, Random random) {
    return pools
        .under(variant)
        .draw(pools.unsafeShelves(), Judgement.YES, random)
        .map(Pools.Drawn::drawn)
        .filter(drawn -> !variant.violated(drawn).isEmpty());
  }

  private Variant withTopics(Variant variant, Random random) {
    Variant more = variant;
    int first = random.nextInt(book.topics());
    int count = 1 + random.nextInt(TOPICS_MAX);
    for (int i = 0; i < count; i++) {
      int topic = (first + i * 5) % book.topics();
      more = PolicyChanges.add(more, book.topic(topic, random), random);
    }
    // Codes by position: the new ones must not be told by their looks.
    return PolicyChanges.renumber(more, "S#");
  }

  private Variant ordered(Variant variant, int step, Random random) {
    Rates rates = options.rates();
    boolean shuffle = rates.shuffle().hits(step, random);
    boolean restyle = rates.restyle().hits(step, random);
    Variant ordered = shuffle ? PolicyChanges.shuffle(variant, random) : variant;
    if (restyle) {
      return PolicyChanges.renumber(ordered, book.codeStyle(random));
    }
    return shuffle ? PolicyChanges.renumber(ordered, styleOf(variant)) : ordered;
  }

  /** How the policy's own codes look: its first one with the number taken out. */
  private static String styleOf(Variant variant) {
    String code = variant.rules().getFirst().code();
    String style = code.replaceFirst("\\d+$", "#");
    // Codes that are words are numbered like Llama Guard's.
    return style.contains("#") ? style : "S#";
  }

  private Variant withShots(Variant variant, Random random) {
    Pools.Under under = pools.under(variant);
    List<String> safe = List.of(Pools.PLAIN, Pools.NEAR);
    List<Example> shots = new ArrayList<>();
    int count = 1 + random.nextInt(SHOTS_MAX);
    for (int i = 0; i < count; i++) {
      boolean unsafe = random.nextBoolean();
      under
          .draw(
              unsafe ? pools.unsafeShelves() : safe, unsafe ? Judgement.YES : Judgement.NO, random)
          .map(Pools.Drawn::drawn)
          .filter(shown -> shown.conversation().messages().size() == 1)
          .filter(shown -> shown.text().length() <= SHOT_CHARACTERS_MAX)
          .filter(shown -> !shown.unsafe() || !variant.violated(shown).isEmpty())
          .ifPresent(
              shown -> shots.add(new Example(shown.conversation(), variant.violated(shown))));
    }
    return variant.withShots(shots);
  }

  /**
   * The same policy without the categories that some of the cases violate: their answer flips, that
   * of others stays (Llama Guard 2's policy-flip samples). Categories go until a random share of
   * the violating cases, at least one of them, has flipped.
   */
  Variant flipped(Variant variant, List<Case> cases, Random random) {
    List<Case> violating =
        cases.stream().filter(judged -> !variant.violated(judged).isEmpty()).toList();
    if (violating.isEmpty()) {
      return PolicyChanges.shuffle(variant, random);
    }
    List<Case> left = new ArrayList<>(violating);
    Collections.shuffle(left, random);
    double flips = FLIPS_MIN + random.nextDouble() * (FLIPS_MAX - FLIPS_MIN);
    Variant flipped = variant;
    while (left.size() > (1 - flips) * violating.size()) {
      Case anchor = left.removeLast();
      Variant fewer = PolicyChanges.dropAllViolated(flipped, anchor);
      left.removeIf(each -> fewer.violated(each).isEmpty());
      flipped = fewer;
    }
    return flipped;
  }
}
