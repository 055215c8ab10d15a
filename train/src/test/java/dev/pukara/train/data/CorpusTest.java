package dev.pukara.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.guard.Category;
import dev.pukara.guard.FamilyOverride;
import dev.pukara.guard.Policy;
import dev.pukara.guard.PolicySettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusTest {
  private static final String FORMAT = "pukara-1";

  @TempDir private Path folder;

  private static DataOptions options(String... policies) {
    Map<String, Double> shares = new HashMap<>();
    List.of(policies).forEach(id -> shares.put(id, 1.0));
    return DataOptions.read(Fields.parse("{validation-share: 0}", "test"), shares, 7);
  }

  private Corpus corpus(DataOptions options, List<Policy> own, String... rows) throws IOException {
    Path file = folder.resolve("rows.jsonl");
    Files.write(file, List.of(rows));
    return Corpus.read(List.of(file), own, FORMAT, options);
  }

  /** What a policy in its usual words says of each case. */
  private static Map<String, Judgement> verdicts(Corpus corpus, String policy) {
    Variant usual = corpus.book().outline(policy).usual();
    Map<String, Judgement> verdicts = new HashMap<>();
    corpus.train().forEach(each -> verdicts.put(each.id(), usual.verdict(each)));
    return verdicts;
  }

  private static Policy policy(String id, String code) {
    return new Policy(id, "1", id, List.of(new Category(code, code, "")), true);
  }

  @Test
  void codesOfOneOwnPolicySayNothingOfAnother() throws IOException {
    List<Policy> own = List.of(policy("bank", "B1"), policy("shop", "K1"));
    DataOptions options = options("bank", "shop", "llama-guard-3");
    Corpus corpus =
        corpus(
            options,
            own,
            """
            {"id":"1","prompt":"a","prompt_label":"unsafe","categories":["B1"]}""",
            """
            {"id":"2","prompt":"b","prompt_label":"unsafe","categories":["K1"],"lg3":["S2"]}""",
            """
            {"id":"3","prompt":"c","prompt_label":"unsafe"}""");
    assertThat(verdicts(corpus, "bank"))
        .isEqualTo(
            Map.of(
                "1/prompt", Judgement.YES,
                "2/prompt", Judgement.UNKNOWN,
                "3/prompt", Judgement.YES));
    assertThat(verdicts(corpus, "shop")).containsEntry("1/prompt", Judgement.UNKNOWN);
    assertThat(verdicts(corpus, "llama-guard-3"))
        .containsEntry("1/prompt", Judgement.UNKNOWN)
        .containsEntry("2/prompt", Judgement.YES);
    String typo =
        """
        {"id":"4","prompt":"d","prompt_label":"unsafe","categories":["Q9"]}""";
    assertThatThrownBy(() -> corpus(options("bank", "shop"), own, typo))
        .hasMessageContaining("no codes of policy bank, which has [B1], nor of policy shop,");
  }

  @Test
  void codesOfLlamaGuard2AndOfOtherKnownPoliciesCount() throws IOException {
    Corpus corpus =
        corpus(
            options("llama-guard-2", "llama-guard-3", "openai-moderation"),
            List.of(),
            """
            {"id":"1","prompt":"a","prompt_label":"unsafe","lg2":["S5"]}""",
            """
            {"id":"2","prompt":"b","prompt_label":"unsafe","categories":["hate"]}""");
    Case advice = corpus.train().getFirst();
    assertThat(corpus.book().outline("llama-guard-2").usual().violated(advice))
        .containsExactly("S5");
    assertThat(corpus.book().outline("llama-guard-3").usual().violated(advice))
        .containsExactly("S6");
    assertThat(
            corpus.book().outline("openai-moderation").usual().violated(corpus.train().getLast()))
        .containsExactly("hate");
  }

  @Test
  void eachCodeOfLlamaGuard2IsItsCategory() {
    Variant two = PolicyBook.standard().outline("llama-guard-2").usual();
    for (Rule rule : two.rules()) {
      Case coded = Cases.of("x", true, Map.of("llama-guard-2", List.of(rule.code())));
      assertThat(two.violated(coded)).containsExactly(rule.code());
    }
  }

  @Test
  void aPolicyThatNothingViolatesIsRefused() throws IOException {
    DataOptions options = options("llama-guard-1", "llama-guard-3");
    Corpus corpus =
        corpus(
            options,
            List.of(),
            """
            {"id":"1","prompt":"a","prompt_label":"unsafe","lg3":["S5"]}""",
            """
            {"id":"2","prompt":"b","prompt_label":"safe"}""");
    assertThatThrownBy(() -> new Curriculum(corpus, options))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("policy llama-guard-1: no row to learn from violates it");
  }

  @Test
  void noCodeOfAnUnsafeAnswerSaysNothingOfItsPrompt() throws IOException {
    Corpus corpus =
        corpus(
            options("llama-guard-3"),
            List.of(),
            """
            {"id":"1","prompt":"a","response":"b","prompt_label":"unsafe","response_label":"unsafe","lg3":[]}""");
    assertThat(verdicts(corpus, "llama-guard-3"))
        .containsEntry("1/prompt", Judgement.YES)
        .containsEntry("1/response", Judgement.NO);
  }

  @Test
  void policyIsLearnedAsTheFormatServesIt() throws IOException {
    FamilyOverride override = new FamilyOverride(Optional.empty(), Set.of("B2"), Map.of());
    PolicySettings settings =
        new PolicySettings(
            OptionalDouble.empty(),
            Optional.empty(),
            0,
            Map.of(FORMAT, override),
            Optional.empty());
    List<Category> categories =
        List.of(new Category("B1", "Accounts", "Balances."), new Category("B2", "Loans", ""));
    Policy bank = new Policy("bank", "1", "bank", categories, false, List.of(), settings);
    Corpus corpus =
        corpus(
            options("bank"),
            List.of(bank),
            """
            {"id":"1","prompt":"a","prompt_label":"unsafe","categories":["B1"]}""",
            """
            {"id":"2","prompt":"b","prompt_label":"unsafe","categories":["B2"]}""",
            """
            {"id":"3","prompt":"c","prompt_label":"unsafe"}""");
    Policy shown = corpus.book().outline("bank").usual().policy();
    assertThat(shown.describe()).isFalse();
    assertThat(shown.categories()).extracting(Category::code).containsExactly("B1");
    assertThat(verdicts(corpus, "bank"))
        .isEqualTo(
            Map.of(
                "1/prompt",
                Judgement.YES,
                "2/prompt",
                Judgement.NO,
                "3/prompt",
                Judgement.UNKNOWN));
  }
}
