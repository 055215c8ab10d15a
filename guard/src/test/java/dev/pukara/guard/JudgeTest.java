package dev.pukara.guard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From odds to verdicts: thresholds, actions, readability. */
class JudgeTest {
  private static final Category FRAUD = new Category("C1", "Fraud", "");
  private static final Category RIVALS =
      new Category(
          "C2", "Rivals", "", List.of(), List.of(), List.of(), OptionalDouble.of(0.2), Action.FLAG);

  private static Policy policy(Category... categories) {
    return new Policy("p", "1", "P", List.of(categories), true);
  }

  private static Settings settings(CategoryMode mode) {
    return new Settings(1, 1, 0, 0.5, 0.1, false, mode);
  }

  /** Odds whose probability is {@code p}. */
  private static Odds odds(double p) {
    return new Odds(Math.log(1 - p), Math.log(p), 1);
  }

  @ParameterizedTest
  @CsvSource({"0.49, 0.1, safe", "0.5, 0.1, unsafe", "0.1, 0.19, safe", "0.1, 0.2, unsafe"})
  void eitherThresholdMakesItUnsafe(double message, double rivals, String expected) {
    Judge judge = new Judge(policy(FRAUD, RIVALS), settings(CategoryMode.UNSAFE));
    Verdict verdict = judge.verdict(odds(message), List.of(odds(0.1), odds(rivals)));
    assertThat(verdict.getClass().getSimpleName()).isEqualToIgnoringCase(expected);
  }

  @Test
  void crossingsNameTheThresholds() {
    Judge judge = new Judge(policy(FRAUD, RIVALS), settings(CategoryMode.UNSAFE));
    Verdict verdict = judge.verdict(odds(0.9), List.of(odds(0.6), odds(0.3)));
    assertThat(verdict)
        .isInstanceOfSatisfying(
            Verdict.Unsafe.class,
            unsafe -> {
              assertThat(unsafe.crossings().stream().map(Crossing::category))
                  .containsExactly(Optional.empty(), Optional.of("C2"));
              assertThat(unsafe.categories().stream().map(CategoryScore::code))
                  .containsExactly("C1", "C2");
              assertThat(unsafe.action()).isEqualTo(Action.BLOCK);
            });
  }

  @Test
  void actionIsTheStrictestOfTheViolatedCategories() {
    Judge judge = new Judge(policy(FRAUD, RIVALS), settings(CategoryMode.UNSAFE));
    assertThat(judge.verdict(odds(0.1), List.of(odds(0.3), odds(0.3))).action())
        .isEqualTo(Action.FLAG);
    assertThat(judge.verdict(odds(0.1), List.of(odds(0.3), odds(0.1))).action())
        .isEqualTo(Action.ALLOW);
  }

  @Test
  void unsafeAsAWholeNamesTheLikeliestCategory() {
    Judge judge = new Judge(policy(FRAUD, RIVALS), settings(CategoryMode.UNSAFE));
    Verdict verdict = judge.verdict(odds(0.9), List.of(odds(0.3), odds(0.1)));
    assertThat(((Verdict.Unsafe) verdict).categories().getFirst().code()).isEqualTo("C1");
  }

  @Test
  void categoriesAreAskedWhenTheyCanMatter() {
    Policy plain = policy(FRAUD);
    Policy own = policy(FRAUD, RIVALS);
    Odds safe = odds(0.1);
    assertThat(new Judge(plain, settings(CategoryMode.UNSAFE)).wantsCategories(safe)).isFalse();
    assertThat(new Judge(plain, settings(CategoryMode.UNSAFE)).wantsCategories(odds(0.9))).isTrue();
    assertThat(new Judge(plain, settings(CategoryMode.ALWAYS)).wantsCategories(safe)).isTrue();
    assertThat(new Judge(own, settings(CategoryMode.UNSAFE)).wantsCategories(safe)).isTrue();
    assertThat(new Judge(own, settings(CategoryMode.NEVER)).wantsCategories(odds(0.9))).isFalse();
  }

  /** Otherwise nothing but the decisive form is asked about, which is faster. */
  @Test
  void everyFormNeedsCategoriesWhereTheyCanMakeAnotherOneDecide() {
    Category mild =
        new Category(
            "C2", "Mild", "", List.of(), List.of(), List.of(), OptionalDouble.empty(), Action.FLAG);
    Odds nothing = new Odds(Double.NaN, 0, Double.NaN);
    Judge plain = new Judge(policy(FRAUD), settings(CategoryMode.ALWAYS));
    Judge flags = new Judge(policy(FRAUD, mild), settings(CategoryMode.UNSAFE));
    Judge own = new Judge(policy(FRAUD, RIVALS), settings(CategoryMode.UNSAFE));
    Judge never = new Judge(policy(FRAUD, RIVALS), settings(CategoryMode.NEVER));
    assertThat(plain.needsCategories(odds(0.9))).isFalse();
    assertThat(flags.needsCategories(odds(0.9))).isTrue();
    assertThat(flags.needsCategories(odds(0.1))).isFalse();
    assertThat(own.needsCategories(odds(0.1))).isTrue();
    assertThat(own.needsCategories(nothing)).isFalse();
    assertThat(never.needsCategories(odds(0.9))).isFalse();
  }

  @Test
  void unreadableIsNeverSafe() {
    Odds nothing = new Odds(Double.NaN, 0, Double.NaN);
    Odds elsewhere = new Odds(0, -9, 0.01);
    Settings open = new Settings(1, 1, 0, 0.5, 0.1, true, CategoryMode.UNSAFE);
    for (Odds odds : List.of(nothing, elsewhere)) {
      Judge closed = new Judge(policy(FRAUD), settings(CategoryMode.UNSAFE));
      assertThat(closed.verdict(odds, List.of())).isInstanceOf(Verdict.Unreadable.class);
      assertThat(closed.verdict(odds, List.of()).action()).isEqualTo(Action.BLOCK);
      assertThat(closed.wantsCategories(odds)).isFalse();
      Verdict allowed = new Judge(policy(FRAUD), open).verdict(odds, List.of());
      assertThat(allowed).isInstanceOf(Verdict.Unreadable.class);
      assertThat(allowed.action()).isEqualTo(Action.ALLOW);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void unreadableCategoryNeverSavesAnUnsafeMessage(boolean failOpen) {
    Settings settings = new Settings(1, 1, 0, 0.5, 0.1, failOpen, CategoryMode.UNSAFE);
    Judge judge = new Judge(policy(FRAUD, RIVALS), settings);
    Odds lost = Odds.unanswered("HTTP 500", true);

    Verdict.Unsafe whole = (Verdict.Unsafe) judge.verdict(odds(0.9), List.of(odds(0.1), lost));
    assertThat(whole.unreadable()).containsExactly("C2");
    assertThat(whole.categoryScores()).extracting(CategoryScore::code).containsExactly("C1");
    assertThat(whole.categories()).isEmpty();

    // C1 blocks, and may be violated for all one knows.
    Verdict rivals = judge.verdict(odds(0.1), List.of(lost, odds(0.3)));
    assertThat(rivals).isInstanceOf(Verdict.Unsafe.class);
    assertThat(rivals.action()).isEqualTo(Action.BLOCK);

    Verdict unknown = judge.verdict(odds(0.1), List.of(odds(0.1), lost));
    assertThat(unknown)
        .isInstanceOfSatisfying(
            Verdict.Unreadable.class,
            unreadable -> assertThat(unreadable.reason()).isEqualTo("about a category: HTTP 500"));
  }

  @Test
  void temperatureMovesScoresTowardsOneHalf() {
    Settings warm = new Settings(2, 1, 0, 0.5, 0, false, CategoryMode.UNSAFE);
    double score = new Judge(policy(FRAUD), warm).score(odds(0.9));
    assertThat(score).isBetween(0.7, 0.8);
  }
}
