package dev.pukara.guard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Demonstrations: which, in what order, and that every format carries them. */
class FewShotTest {
  private static final Policy POLICY =
      Policies.parse(
          """
          id: shop
          version: "1"
          title: Shop
          few_shot_tokens: 60
          categories:
            - code: C1
              name: Rivals
              examples:
                unsafe: [Acme is better, Go to Acme, Acme]
                safe: [Where is my parcel]
            - code: C2
              name: Discounts
              examples:
                unsafe: [{user: Cheaper, agent: "Half price, promised", codes: [C1, C2]}]
          """,
          "shop.yaml");

  private static Policy choose(Policy policy) {
    PromptFormat format = PromptFormats.find("llama-guard-3-1b");
    // A token is four characters here.
    return FewShot.choose(
        policy,
        shown ->
            format.render(shown, Conversation.user("")).prefix().stream()
                    .mapToInt(piece -> piece.text().length())
                    .sum()
                / 4);
  }

  @Test
  void bothSidesOfEveryCategoryComeFirst() {
    Policy wide = POLICY.withSettings(withBudget(1000));
    assertThat(choose(wide).demonstrations().stream().map(e -> e.conversation().last().text()))
        .containsExactly(
            "Acme is better", "Where is my parcel", "Half price, promised", "Go to Acme", "Acme");
  }

  @Test
  void budgetHolds() {
    assertThat(choose(POLICY).demonstrations()).hasSizeBetween(1, 3);
    assertThat(choose(POLICY.withSettings(withBudget(0))).demonstrations()).isEmpty();
  }

  private static PolicySettings withBudget(int tokens) {
    PolicySettings none = PolicySettings.NONE;
    return new PolicySettings(
        none.threshold(), none.format(), tokens, none.families(), none.calibration());
  }

  @Test
  void everyFormatCarriesThemInThePrefix() {
    Policy shown = choose(POLICY.withSettings(withBudget(1000)));
    for (String id : PromptFormats.ids()) {
      PromptFormat format = PromptFormats.find(id);
      StringBuilder prefix = new StringBuilder();
      format
          .render(shown, Conversation.user("Hi"))
          .prefix()
          .forEach(piece -> prefix.append(piece.text()));
      assertThat(prefix.toString())
          .as(id)
          .contains("Acme is better", "Half price, promised", "C1,C2")
          .doesNotContain("Hi");
    }
  }

  @Test
  void leavingOutACategoryTurnsItsDemonstrationsSafe() {
    Policy shown = choose(POLICY.withSettings(withBudget(1000))).without(Set.of("C1"));
    assertThat(shown.demonstrations().stream().map(Example::codes))
        .containsExactly(List.of(), List.of(), List.of("C2"), List.of(), List.of());
    // The same if it is left out before they are chosen.
    Policy rest = choose(POLICY.withSettings(withBudget(1000)).without(Set.of("C1")));
    assertThat(rest.demonstrations().stream().map(Example::codes)).containsExactly(List.of("C2"));
  }
}
