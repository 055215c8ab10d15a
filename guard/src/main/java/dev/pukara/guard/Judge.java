package dev.pukara.guard;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Odds to verdict. A message is unsafe when its score reaches the global threshold, or a category's
 * score the category's own. Plain rules: no model, no clock.
 */
final class Judge {
  private static final Trace UNTRACED = new Trace("", "", "", "", "", "", List.of(), 0, 0, 0);

  private final Policy policy;
  private final Settings settings;

  Judge(Policy policy, Settings settings) {
    this.policy = policy;
    this.settings = settings;
  }

  /** Probability that the message is unsafe; NaN if the odds are unreadable. */
  double score(Odds odds) {
    return isReadable(odds) ? odds.probability(settings.temperature()) : Double.NaN;
  }

  /** True if the message is unsafe as a whole. */
  boolean isUnsafe(Odds odds) {
    return score(odds) >= settings.threshold();
  }

  /** True if the verdict on these odds needs the categories' odds. */
  boolean wantsCategories(Odds odds) {
    if (!isReadable(odds)) {
      return false;
    }
    return switch (settings.categories()) {
      case ALWAYS -> true;
      case NEVER -> false;
      case UNSAFE -> isUnsafe(odds) || hasOwnThresholds();
    };
  }

  /**
   * True if the categories' odds can change which of several forms decides: they make one unsafe,
   * or say how strict its action is.
   */
  boolean needsCategories(Odds odds) {
    return settings.categories() != CategoryMode.NEVER
        && isReadable(odds)
        && (hasOwnThresholds() || (isUnsafe(odds) && hasMildActions()));
  }

  private boolean hasOwnThresholds() {
    return policy.categories().stream().anyMatch(category -> category.threshold().isPresent());
  }

  private boolean hasMildActions() {
    return policy.categories().stream().anyMatch(category -> category.action() != Action.BLOCK);
  }

  private boolean isReadable(Odds odds) {
    // A NaN mass was not asked for.
    return !Double.isNaN(odds.probability(1)) && !(odds.mass() < settings.readableFloor());
  }

  /** The verdict on one form of several, which nobody will see. */
  Verdict verdict(Odds odds, List<Odds> categories) {
    return verdict(odds, categories, Action.ALLOW, UNTRACED);
  }

  /**
   * The verdict.
   *
   * @param categories odds in the policy's order; empty if not asked for
   * @param least action if it is unsafe: what other forms of the conversation ask for
   */
  Verdict verdict(Odds odds, List<Odds> categories, Action least, Trace trace) {
    if (!isReadable(odds)) {
      return unreadable("", odds, trace);
    }
    double score = score(odds);
    List<CategoryScore> scores = new ArrayList<>();
    List<Category> unread = new ArrayList<>();
    List<Crossing> crossings = new ArrayList<>();
    if (score >= settings.threshold()) {
      crossings.add(new Crossing(Optional.empty(), settings.threshold(), score));
    }
    for (int i = 0; i < categories.size(); i++) {
      Category category = policy.categories().get(i);
      if (!isReadable(categories.get(i))) {
        unread.add(category);
        continue;
      }
      double own = categories.get(i).probability(settings.categoryTemperature());
      scores.add(new CategoryScore(category.code(), category.name(), own));
      if (own >= category.threshold().orElse(Double.POSITIVE_INFINITY)) {
        double threshold = category.threshold().getAsDouble();
        crossings.add(new Crossing(Optional.of(category.code()), threshold, own));
      }
    }
    if (crossings.isEmpty()) {
      return categories.stream()
          .filter(category -> !isReadable(category))
          .findFirst()
          .map(category -> unreadable("about a category: ", category, trace))
          .orElseGet(() -> new Verdict.Safe(score, scores, trace));
    }
    boolean likeliest = score >= settings.threshold() && unread.isEmpty();
    List<CategoryScore> violated = violated(scores, likeliest);
    List<String> codes = unread.stream().map(Category::code).toList();
    Action action = Collections.max(List.of(least, action(violated, unread)));
    return new Verdict.Unsafe(score, violated, scores, codes, crossings, action, trace);
  }

  /** The verdict on what nobody could read. */
  private Verdict unreadable(String about, Odds odds, Trace trace) {
    Action action = settings.failOpen() ? Action.ALLOW : Action.BLOCK;
    boolean mayPass = odds.failure().map(Odds.Failure::mayPass).orElse(false);
    return new Verdict.Unreadable(about + reason(odds), mayPass, action, trace);
  }

  private String reason(Odds odds) {
    if (odds.failure().isPresent()) {
      return odds.failure().get().reason();
    }
    return Double.isNaN(odds.probability(1))
        ? "the model gave no probability"
        : String.format(
            Locale.ROOT,
            "p(safe) + p(unsafe) is %.3g, expected at least %.3g: the model answers something else",
            odds.mass(),
            settings.readableFloor());
  }

  /**
   * Those that reach their own threshold, or else the global one.
   *
   * @param likeliest true if the likeliest is to be named where there is none
   */
  private List<CategoryScore> violated(List<CategoryScore> scores, boolean likeliest) {
    List<CategoryScore> over = new ArrayList<>();
    for (CategoryScore score : scores) {
      if (score.score() >= category(score).threshold().orElse(settings.threshold())) {
        over.add(score);
      }
    }
    if (over.isEmpty() && likeliest) {
      scores.stream().max(Comparator.comparingDouble(CategoryScore::score)).ifPresent(over::add);
    }
    over.sort(Comparator.comparingDouble(CategoryScore::score).reversed());
    return over;
  }

  /**
   * What nobody could read of an unsafe message counts as violated: it never weakens the action.
   */
  private Action action(List<CategoryScore> violated, List<Category> unread) {
    return Stream.concat(violated.stream().map(this::category), unread.stream())
        .map(Category::action)
        .max(Comparator.naturalOrder())
        .orElse(Action.BLOCK);
  }

  private Category category(CategoryScore score) {
    return policy.category(score.code()).orElseThrow();
  }
}
