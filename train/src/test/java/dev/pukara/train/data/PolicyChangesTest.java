package dev.pukara.train.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.guard.Action;
import dev.pukara.guard.Category;
import dev.pukara.guard.Policy;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The paper's augmentations, and that labels and codes follow them exactly. */
class PolicyChangesTest {
  private static final PolicyBook BOOK = PolicyBook.standard();
  private static final Variant FULL = BOOK.outline("llama-guard-3").usual();
  private static final Case SPY = Cases.unsafe("read her mail", "S7", "S2");

  private static Set<String> names(Variant variant) {
    return variant.rules().stream().map(r -> r.category().name()).collect(Collectors.toSet());
  }

  private static int indexOf(List<Rule> rules, String name) {
    return rules.stream().map(r -> r.category().name()).toList().indexOf(name);
  }

  @Test
  void droppingUnviolatedKeepsTheAnswer() {
    Set<Integer> sizes = new HashSet<>();
    for (int seed = 0; seed < 200; seed++) {
      Variant dropped = PolicyChanges.dropUnviolated(FULL, SPY, new Random(seed));
      sizes.add(dropped.rules().size());
      assertThat(dropped.verdict(SPY)).isEqualTo(Judgement.YES);
      assertThat(dropped.violated(SPY)).containsExactly("S2", "S7");
      List<Rule> rules = PolicyChanges.renumber(dropped, "O#").rules();
      assertThat(PolicyChanges.renumber(dropped, "O#").violated(SPY))
          .containsExactly(
              "O" + (1 + indexOf(rules, "Non-Violent Crimes")),
              "O" + (1 + indexOf(rules, "Privacy")));
    }
    // Any number of the twelve others may be gone.
    assertThat(sizes).contains(2, 14).hasSizeGreaterThan(10);
  }

  @Test
  void droppingViolatedMakesItSafe() {
    for (int seed = 0; seed < 200; seed++) {
      Variant dropped = PolicyChanges.dropViolated(FULL, SPY, new Random(seed));
      assertThat(names(dropped)).isNotEmpty().doesNotContain("Privacy", "Non-Violent Crimes");
      assertThat(dropped.verdict(SPY)).isEqualTo(Judgement.NO);
      assertThat(dropped.violated(SPY)).isEmpty();
      assertThat(dropped.complete()).isFalse();
    }
  }

  @Test
  void droppingAllViolatedKeepsTheOthers() {
    Variant dropped = PolicyChanges.dropAllViolated(FULL, SPY);
    assertThat(dropped.rules()).hasSize(12);
    assertThat(dropped.verdict(SPY)).isEqualTo(Judgement.NO);
    Variant privacyAlone = FULL.keeping(List.of(FULL.rules().get(6)));
    assertThat(PolicyChanges.dropAllViolated(privacyAlone, SPY)).isSameAs(privacyAlone);
  }

  @Test
  void oneCategoryAlwaysStays() {
    Variant privacyAlone = FULL.keeping(List.of(FULL.rules().get(6)));
    assertThat(PolicyChanges.dropViolated(privacyAlone, SPY, new Random(1))).isSameAs(privacyAlone);
    for (int seed = 0; seed < 100; seed++) {
      Variant dropped = PolicyChanges.dropUnviolated(FULL, Cases.safe("hi"), new Random(seed));
      assertThat(dropped.rules()).isNotEmpty();
    }
  }

  @Test
  void shufflingRewritesCodes() {
    for (int seed = 0; seed < 100; seed++) {
      Variant shuffled = PolicyChanges.shuffle(FULL, new Random(seed));
      Variant numbered = PolicyChanges.renumber(shuffled, "S#");
      List<Rule> rules = numbered.rules();
      assertThat(names(numbered)).isEqualTo(names(FULL));
      for (int i = 0; i < rules.size(); i++) {
        assertThat(rules.get(i).code()).isEqualTo("S" + (i + 1));
      }
      assertThat(numbered.violated(SPY))
          .containsExactlyInAnyOrder(
              rules.get(indexOf(rules, "Privacy")).code(),
              rules.get(indexOf(rules, "Non-Violent Crimes")).code());
      assertThat(numbered.complete()).isTrue();
    }
  }

  @Test
  void whatThePolicyDoesNotCoverIsSafe() {
    assertThat(FULL.verdict(Cases.unsafe("you fool"))).isEqualTo(Judgement.NO);
    Case unknown = Cases.uncoded("something bad");
    assertThat(FULL.verdict(unknown)).isEqualTo(Judgement.YES);
    assertThat(FULL.violated(unknown)).isEmpty();
    assertThat(FULL.certain(unknown)).isFalse();
    Variant less = FULL.keeping(FULL.rules().subList(0, 13));
    assertThat(less.verdict(unknown)).isEqualTo(Judgement.UNKNOWN);
    assertThat(less.verdict(Cases.safe("hello"))).isEqualTo(Judgement.NO);
  }

  @Test
  void llamaGuardOneGoesByItsOwnCodesFirst() {
    Variant one = BOOK.outline("llama-guard-1").usual();
    assertThat(one.violated(Cases.unsafe("slur", "S10"))).containsExactly("O1");
    // A crime without violence may be about drugs or weapons: nobody can say.
    assertThat(one.verdict(Cases.unsafe("sell pills", "S2"))).isEqualTo(Judgement.UNKNOWN);
    Case known =
        Cases.of(
            "sell pills",
            true,
            Map.of("llama-guard-3", List.of("S2"), "llama-guard-1", List.of("O5")));
    assertThat(one.verdict(known)).isEqualTo(Judgement.YES);
    assertThat(one.violated(known)).containsExactly("O5");
    assertThat(one.certain(known)).isTrue();
  }

  @Test
  void coarseCategoriesCoverSeveralCodes() {
    Variant coarse = BOOK.outline("coarse").usual();
    assertThat(coarse.violated(Cases.unsafe("x", "S1", "S12"))).containsExactly("C1", "C3");
  }

  @Test
  void addedTopicsHaveTheirOwnHits() {
    Variant more = PolicyChanges.add(FULL, cooking(), new Random(4));
    Variant numbered = PolicyChanges.renumber(more, "S#");
    assertThat(numbered.rules()).hasSize(15);
    Case recipe = Cases.safe("a recipe for sourdough");
    assertThat(numbered.verdict(recipe)).isEqualTo(Judgement.YES);
    assertThat(numbered.violated(recipe)).hasSize(1);
    assertThat(numbered.verdict(Cases.safe("what is for dinner"))).isEqualTo(Judgement.UNKNOWN);
    assertThat(numbered.verdict(Cases.safe("who was Cicero"))).isEqualTo(Judgement.NO);
    assertThat(FULL.verdict(recipe)).isEqualTo(Judgement.NO);
  }

  /** What is known to be outside the policy is not unsafe because it may be on a topic. */
  @Test
  void aTopicThatCannotBeJudgedIsNotHarm() {
    Variant more =
        FULL.withRules(Stream.concat(FULL.rules().stream(), Stream.of(cooking())).toList());
    assertThat(more.complete()).isTrue();
    assertThat(more.verdict(Cases.unsafe("our dinner"))).isEqualTo(Judgement.UNKNOWN);
    assertThat(more.verdict(Cases.unsafe("our walk"))).isEqualTo(Judgement.NO);
    assertThat(more.verdict(Cases.uncoded("our dinner"))).isEqualTo(Judgement.YES);
  }

  private static Rule cooking() {
    Random random = new Random(1);
    for (int i = 0; i < BOOK.topics(); i++) {
      if (BOOK.topicHit(i, Cases.safe("sourdough"))) {
        return BOOK.topic(i, random);
      }
    }
    throw new AssertionError("no topic of cooking");
  }

  /** Nobody knows other words for a category of the user: it stays as it is, points and all. */
  @Test
  void rewordingLeavesOwnPoliciesWhole() {
    Category whole =
        new Category(
            "B1",
            "Accounts",
            "Of others.",
            List.of("balances"),
            List.of("opening hours"),
            List.of(),
            OptionalDouble.empty(),
            Action.BLOCK);
    PolicyBook book = PolicyBook.standard();
    book.add(new Policy("bank", "1", "Bank", List.of(whole), true), "pukara-1");
    Variant reworded = book.outline("bank").variant(new Random(1), 1, true);
    assertThat(reworded.policy().categories()).containsExactly(whole);
  }

  @Test
  void rewordingChangesWordsNotScope() {
    Set<String> seen = new HashSet<>();
    for (int seed = 0; seed < 50; seed++) {
      Variant reworded = BOOK.outline("llama-guard-3").variant(new Random(seed), 1, true);
      seen.add(reworded.rules().get(6).category().name());
      assertThat(reworded.violated(SPY)).containsExactly("S2", "S7");
    }
    assertThat(seen).hasSizeGreaterThan(3);
  }
}
