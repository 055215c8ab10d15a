package dev.pukara.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
  @CsvSource({"llama-guard-2, 11, S11", "llama-guard-3, 14, S14"})
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
    "'id: shop', 'id: [', not YAML",
    "'title: Shop rules', 'titel: Shop rules', unknown field [titel]",
    "'version: \"1\"', '', is missing",
    "'code: C1', 'code: \"\"', is missing or empty",
    "'    name: Rival shops', '    name: Rival shops\n    colour: red', unknown field [colour]",
  })
  void mistakesAreNamed(String part, String mistake, String message) {
    assertThatThrownBy(() -> Policies.parse(MINIMAL.replace(part, mistake), "shop.yaml"))
        .isInstanceOf(PolicyException.class)
        .hasMessageStartingWith("shop.yaml")
        .hasMessageContaining(message);
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
