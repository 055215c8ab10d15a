package dev.pukara.train.data;

import dev.pukara.guard.Policy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * Composes the batches of a training. For each batch one variant of a policy is sampled and shared
 * by all its conversations; every label is derived under it.
 *
 * <p>Threads: one at a time.
 */
public final class Curriculum {
  /** Meaning of a seed's second number. */
  private static final long COMPOSING = 1;

  private static final long VALIDATING = 2;

  /** A policy that is shown twice takes at most this part of a batch. */
  private static final int POLICY_PART = 3;

  /** How many cases in a row may be too long to be the first of a batch. */
  private static final int LONG_MAX = 16;

  private final DataOptions options;
  private final Pools pools;
  private final VariantSampler variants;
  private final LessonMaker maker;
  private final Corpus corpus;

  /**
   * A curriculum over the training part of a corpus.
   *
   * @throws RecipeException if a policy to train with has no case there that violates it
   */
  public Curriculum(Corpus corpus, DataOptions options) {
    this.corpus = corpus;
    this.options = options;
    this.pools =
        new Pools(
            corpus.train(), corpus.book(), options.seed(), name -> options.source(name).weight());
    this.variants = new VariantSampler(options, corpus.book(), pools);
    this.maker = new LessonMaker(options, pools);
    options.policies().keySet().forEach(this::checkUnsafe);
  }

  /**
   * Without a message that violates it, a policy would be taught as one that lets everything pass.
   */
  private void checkUnsafe(String id) {
    Variant usual = corpus.book().outline(id).usual();
    if (corpus.train().stream().noneMatch(each -> usual.verdict(each) == Judgement.YES)) {
      throw new RecipeException(
          "policy "
              + id
              + ": no row to learn from violates it, expected some; give unsafe rows with codes that"
              + " it can be judged by (docs/data-format.md), or leave the policy out");
    }
  }

  /** Different prompts to learn from, by class: one epoch. */
  public int prompts() {
    return pools.prompts();
  }

  /**
   * The next batch.
   *
   * @param step what the batch is for; sets the rates and, with the seed, everything random
   * @param part number of the batch within the step
   * @param tokensMax that the batch may have
   */
  public Draft next(int step, int part, Draft.Meter meter, int tokensMax) {
    Random random = Seeds.random(options.seed(), COMPOSING, step, part);
    Variant variant = variants.sample(step, random);
    // Two copies of a long policy leave no room for texts.
    boolean twice =
        options.rates().flip().hits(step, random)
            && meter.policy(variant.policy()) < tokensMax / POLICY_PART;
    if (twice) {
      Map<String, Long> position = position();
      Optional<Draft> both = twice(variant, step, random, meter, tokensMax);
      if (both.isPresent()) {
        return both.get();
      }
      restore(position);
    }
    Filling whole = new Filling(variant, step, random, meter, tokensMax);
    if (!whole.fill()) {
      throw whole.empty();
    }
    return new Draft(List.of(whole.group()));
  }

  /** The same texts under two policies; nothing if one of the halves has no room for any. */
  private Optional<Draft> twice(
      Variant variant, int step, Random random, Draft.Meter meter, int tokensMax) {
    Filling first = new Filling(variant, step, random, meter, tokensMax / 2);
    if (!first.fill()) {
      return Optional.empty();
    }
    Variant other = variants.flipped(variant, first.cases, random);
    Filling second = new Filling(other, step, random, meter, tokensMax - first.tokens);
    first.cases.forEach(second::repeat);
    return second.fill()
        ? Optional.of(new Draft(List.of(first.group(), second.group())))
        : Optional.empty();
  }

  /** One group on its way to be full. */
  private final class Filling {
    private final Variant variant;
    private final Policy policy;
    private final Pools.Under under;
    private final int step;
    private final Random random;
    private final Draft.Meter meter;
    private final int tokensMax;
    private final List<Lesson> lessons = new ArrayList<>();
    private final List<Case> cases = new ArrayList<>();
    private Optional<Case> tooLong = Optional.empty();
    private int tokens;
    private int unsafe;

    Filling(Variant variant, int step, Random random, Draft.Meter meter, int tokensMax) {
      this.variant = variant;
      this.policy = variant.policy();
      this.under = pools.under(variant);
      this.step = step;
      this.random = random;
      this.meter = meter;
      this.tokensMax = tokensMax;
      this.tokens = meter.policy(policy);
    }

    Draft.Group group() {
      return new Draft.Group(policy, lessons);
    }

    /**
     * Draws until the first case that does not fit; that one is put back.
     *
     * @return false if nothing fits
     */
    boolean fill() {
      int dry = 0;
      int tries = 0;
      while (dry < 4 && tries < LONG_MAX) {
        boolean wantUnsafe =
            unsafe < options.unsafeShare() * (lessons.size() + random.nextDouble());
        Optional<Pools.Drawn> drawn = draw(wantUnsafe).or(() -> draw(!wantUnsafe));
        if (drawn.isEmpty()) {
          dry++;
          continue;
        }
        if (!add(drawn.get().drawn())) {
          if (!lessons.isEmpty()) {
            drawn.get().from().putBack();
            return true;
          }
          tooLong = Optional.of(drawn.get().drawn());
          tries++;
          continue;
        }
        partner(drawn.get().drawn());
      }
      return !lessons.isEmpty();
    }

    /** Why nothing fits. */
    RecipeException empty() {
      return new RecipeException(
          tooLong
              .map(
                  judged ->
                      "case "
                          + judged.id()
                          + " under policy "
                          + variant.id()
                          + " does not fit into a batch of "
                          + tokensMax
                          + " tokens; raise batch-tokens or lower characters-max")
              .orElse(
                  "no row can be judged by policy "
                      + variant.id()
                      + "; give rows with codes of that policy, or leave the policy out"));
    }

    private Optional<Pools.Drawn> draw(boolean wantUnsafe) {
      return maker.draw(under, variant, wantUnsafe, step, random);
    }

    /** With some luck the case's twin that has the other verdict. */
    private void partner(Case of) {
      if (of.group().isEmpty() || !options.rates().pairs().hits(step, random)) {
        return;
      }
      Judgement verdict = variant.verdict(of);
      for (Case other : pools.group(of)) {
        Judgement its = variant.verdict(other);
        if (its != Judgement.UNKNOWN && its != verdict && other.role() == of.role()) {
          add(other);
          return;
        }
      }
    }

    /** A case of another group, if it can be judged here and fits. */
    void repeat(Case again) {
      if (variant.verdict(again) != Judgement.UNKNOWN) {
        add(again);
      }
    }

    private boolean add(Case judged) {
      Lesson lesson = maker.lesson(judged, variant, step, random);
      int more = meter.lesson(policy, lesson);
      if (tokens + more > tokensMax) {
        return false;
      }
      tokens += more;
      unsafe += lesson.unsafe() ? 1 : 0;
      lessons.add(lesson);
      cases.add(judged);
      return true;
    }
  }

  /**
   * The held-out cases under the usual wording of each policy, without augmentations.
   *
   * @return batches of at most {@code tokensMax} tokens
   */
  public List<Draft> validation(Draft.Meter meter, int tokensMax) {
    List<Draft> drafts = new ArrayList<>();
    for (String id : options.policies().keySet().stream().sorted().toList()) {
      Variant variant = corpus.book().outline(id).usual();
      Policy policy = variant.policy();
      List<Lesson> lessons = new ArrayList<>();
      int tokens = meter.policy(policy);
      for (Case judged : held(variant)) {
        Lesson lesson = maker.plain(judged, variant);
        int more = meter.lesson(policy, lesson);
        if (tokens + more > tokensMax && !lessons.isEmpty()) {
          drafts.add(new Draft(List.of(new Draft.Group(policy, lessons))));
          lessons = new ArrayList<>();
          tokens = meter.policy(policy);
        }
        if (tokens + more <= tokensMax) {
          lessons.add(lesson);
          tokens += more;
        }
      }
      if (!lessons.isEmpty()) {
        drafts.add(new Draft(List.of(new Draft.Group(policy, lessons))));
      }
    }
    return drafts;
  }

  /** Held-out cases that the variant can judge, at most as many as the options say. */
  private List<Case> held(Variant variant) {
    List<Case> judged = new ArrayList<>(corpus.validation());
    judged.removeIf(each -> variant.verdict(each) == Judgement.UNKNOWN);
    Collections.shuffle(judged, Seeds.random(options.seed(), VALIDATING));
    return judged.subList(0, Math.min(judged.size(), options.validationMax()));
  }

  /** How often each pool was drawn from: what {@link #restore} needs. */
  public Map<String, Long> position() {
    return pools.drawn();
  }

  /** Goes on where {@link #position} was taken. */
  public void restore(Map<String, Long> position) {
    pools.restore(position);
  }

  /** Cases to learn from with a message that loses its middle. */
  public long shortened() {
    return corpus.train().stream()
        .map(Case::conversation)
        .filter(whole -> !TextChanges.shorten(whole, options.charactersMax()).equals(whole))
        .count();
  }
}
