package dev.pukara.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PoliciesTest {
  private static final String MINIMAL =
      """
      id: shop
      version: "1"
      title: Shop rules
      categories:
        - code: C1
          name: Rival shops
          description: Praise of other shops.
      """;

  @ParameterizedTest
  @CsvSource({
    "llama-guard-1, 6, O6",
    "llama-guard-2, 11, S11",
    "llama-guard-3, 14, S14",
    "openai-moderation, 13, violence/graphic"
  })
  void builtIn(String id, int size, String last) {
    Policy policy = Policies.find(id);
    assertThat(policy.categories()).hasSize(size);
    assertThat(policy.categories().getLast().code()).isEqualTo(last);
    assertThat(policy.categories()).allSatisfy(c -> assertThat(c.description()).isNotBlank());
  }

  @Test
  void minimalFile() {
    Policy policy = Policies.parse(MINIMAL, "shop.yaml");
    assertThat(policy.id()).isEqualTo("shop");
    assertThat(policy.describe()).isTrue();
    assertThat(policy.categories().getFirst().name()).isEqualTo("Rival shops");
  }

  @Test
  void digestFollowsTheText() {
    Policy policy = Policies.parse(MINIMAL, "a");
    assertThat(Policies.parse(MINIMAL, "b").digest()).isEqualTo(policy.digest());
    assertThat(Policies.parse(MINIMAL.replace("Praise", "Blame"), "c").digest())
        .isNotEqualTo(policy.digest());
  }

  @ParameterizedTest
  @CsvSource({
    "'id: shop', 'id: [', shop.yaml:3: not YAML",
    "'title: Shop rules', 'titel: Shop rules', shop.yaml:3: unknown field [titel]",
    "'version: \"1\"', '', shop.yaml:1: 'version' is missing",
    "'code: C1', 'code: \"\"', shop.yaml:5: categories[0].code: is missing or empty",
    "'    name: Rival shops', '    name: Rival shops\n    colour: red', shop.yaml:7: categories[0]: unknown field [colour]",
    "'title: Shop rules', 'title: A\nid: b', shop.yaml:4: id: stands twice",
    "'title: Shop rules', 'title: A\nthreshold: 2', 'shop.yaml:4: threshold: 2, expected 0 to 1'",
    "'    name: Rival shops', '    name: A\n    action: shout', 'shop.yaml:7: categories[0].action: ''shout'', expected allow, flag or block'",
    "'title: Shop rules', 'title: A\nformat: nope', no prompt format 'nope'",
    "'title: Shop rules', 'title: A\nfamilies: {chatml: {exclude: [C9]}}', no category has the code 'C9'",
    "'    name: Rival shops', '    name: A\n    examples: {safe: [{user: Hi, codes: [C1]}]}', a safe example has no codes",
  })
  void mistakesAreNamed(String part, String mistake, String message) {
    assertThatThrownBy(() -> Policies.parse(MINIMAL.replace(part, mistake), "shop.yaml"))
        .isInstanceOf(PolicyException.class)
        .hasMessageStartingWith("shop.yaml")
        .hasMessageContaining(message);
  }

  @Test
  void everyField() {
    Policy policy =
        Policies.parse(
            """
            id: shop
            version: 2
            title: Shop rules
            describe: false
            threshold: 0.4
            format: chatml
            few_shot_tokens: 300
            families:
              llama-guard-3-1b: {describe: true, exclude: [C2], names: {C1: Shops}}
            categories:
              - code: C1
                name: Rival shops
                should_flag: [praise of rivals]
                should_not_flag: [prices]
                threshold: 0.3
                action: flag
                examples:
                  unsafe: [Acme is better, {user: Where?, agent: At Acme., codes: [C2]}]
                  safe: [Hello]
              - {code: C2, name: Discounts}
            calibration:
              model: m
              format: f
              prompt: p
              temperature: 1.5
              category_temperature: 2
              threshold: 0.45
              categories: {C2: 0.6}
            """,
            "shop.yaml");
    assertThat(policy.version()).isEqualTo("2");
    Category rivals = policy.categories().getFirst();
    assertThat(rivals.action()).isEqualTo(Action.FLAG);
    assertThat(rivals.threshold()).hasValue(0.3);
    assertThat(rivals.examples().stream().map(Example::codes))
        .containsExactly(List.of("C1"), List.of("C1", "C2"), List.of());
    assertThat(policy.settings().calibration().orElseThrow().categories()).containsEntry("C2", 0.6);
    Policy family = policy.underFormat("llama-guard-3-1b");
    assertThat(family.categories()).hasSize(1);
    assertThat(family.categories().getFirst().name()).isEqualTo("Shops");
    assertThat(family.describe()).isTrue();
  }

  @Test
  void newCalibrationKeepsWhatTheAuthorWroteBehindTheOldOne() {
    String old = "calibration:\n  model: m\n# fitted in May\n\n  format: f\n  prompt: p\n";
    String mine = "\n# Reviewed by the shop's lawyers.\n";
    PolicyCalibration fitted =
        new PolicyCalibration("m2", "f", "p", 1, 1, OptionalDouble.of(0.4), Map.of());
    for (String more : List.of("", "describe: false\n")) {
      String text = Policies.calibrated(MINIMAL + old + mine + more, fitted, List.of());
      assertThat(text).startsWith(MINIMAL + mine + more + "calibration:\n  model: m2\n");
      assertThat(Policies.calibrated(text, fitted, List.of())).isEqualTo(text);
    }
  }

  @Test
  void templateIsAPolicy() {
    assertThat(Policies.parse(Policies.template(), "t").categories()).isNotEmpty();
  }

  @Test
  void doubleCode() {
    String twice = MINIMAL + "  - code: C1\n    name: Other\n";
    assertThatThrownBy(() -> Policies.parse(twice, "shop.yaml"))
        .hasMessageContaining("code C1 stands for 'Rival shops' and 'Other'");
  }

  @Test
  void neitherBuiltInNorFile() {
    assertThatThrownBy(() -> Policies.find("llama-gard-3"))
        .isInstanceOf(PolicyException.class)
        .hasMessageContaining("llama-gard-3")
        .hasMessageContaining("llama-guard-3");
  }
}
