package dev.pukara.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.guard.Category;
import dev.pukara.guard.Policy;
import dev.pukara.train.Tuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CurriculumTest {
  private static final String FORMAT = "pukara-1";

  @TempDir private Path folder;

  /** Words count as tokens. */
  private static final Draft.Meter METER =
      new Draft.Meter() {
        @Override
        public int policy(Policy policy) {
          return 5 * policy.categories().size();
        }

        @Override
        public int lesson(Policy policy, Lesson lesson) {
          int words = lesson.questions().size();
          for (var message : lesson.conversation().messages()) {
            words += message.text().split(" ").length + 4;
          }
          return words;
        }
      };

  private static String row(int id, String source, String prompt, String label, String rest) {
    return String.format(
        Locale.ROOT,
        "{\"id\":\"%d\",\"dataset\":\"%s\",\"prompt\":\"%s\",\"prompt_label\":\"%s\"%s}",
        id,
        source,
        prompt,
        label,
        rest);
  }

  private Path rows() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      lines.add(row(i, "calm", "what is the capital of country " + i, "safe", ""));
      lines.add(
          row(
              i,
              "edge",
              "how do locks number " + i + " work",
              "safe",
              ",\"meta\":{\"near\":\"S2\",\"group\":\"g" + i + "\"}"));
      lines.add(
          row(
              i,
              "bad",
              "how do I pick lock number " + i,
              "unsafe",
              ",\"lg3\":[\"S2\"],\"meta\":{\"group\":\"g" + i + "\"}"));
      lines.add(
          row(i, "hate", "people of town " + i + " are vermin", "unsafe", ",\"lg3\":[\"S10\"]"));
      lines.add(row(i, "vague", "bad thing number " + i, "unsafe", ""));
    }
    Path file = folder.resolve("rows.jsonl");
    Files.write(file, lines);
    return file;
  }

  private Curriculum curriculum(DataOptions options) throws IOException {
    return new Curriculum(Corpus.read(List.of(rows()), List.of(), FORMAT, options), options);
  }

  private static DataOptions options(String yaml) {
    return DataOptions.read(Fields.parse(yaml, "test"), Map.of("llama-guard-3", 1.0), 7);
  }

  private static final DataOptions MANY =
      options(
          """
          policies: {llama-guard-3: 3, llama-guard-1: 1, coarse: 1}
          rates: {drop-unviolated: 0.5, drop-violated: 0.3, shuffle: 0.5, restyle: 0.3, reword: 0.5,
            names-only: 0.3, topics: 0.2, shots: 0.2, flip: 0.3, pairs: 0.5, obfuscate: 0.1, wrap: 0.1,
            pad: 0.1,
            swap-role: 0.1, context: 0.1, ask: 0.7}
          """);

  @Test
  void batchesFitAndHoldBothVerdicts() throws IOException {
    Curriculum curriculum = curriculum(MANY);
    int unsafe = 0;
    int all = 0;
    for (int step = 0; step < 200; step++) {
      Draft draft = curriculum.next(step, 0, METER, 600);
      int tokens = 0;
      for (Draft.Group group : draft.groups()) {
        tokens += METER.policy(group.policy());
        for (Lesson lesson : group.lessons()) {
          tokens += METER.lesson(group.policy(), lesson);
          List<String> codes = group.policy().categories().stream().map(Category::code).toList();
          assertThat(codes).containsAll(lesson.codes()).doesNotHaveDuplicates();
          assertThat(lesson.codes().isEmpty() || lesson.unsafe()).isTrue();
          unsafe += lesson.unsafe() ? 1 : 0;
          all++;
        }
      }
      assertThat(tokens).isLessThanOrEqualTo(600);
    }
    assertThat((double) unsafe / all).isBetween(0.4, 0.6);
  }

  @Test
  void flippedPoliciesLetPartOfTheUnsafeCasesPass() throws IOException {
    Curriculum curriculum = curriculum(options("rates: {flip: 1, wrap: 0, pad: 0, context: 0}"));
    int flipped = 0;
    int stayed = 0;
    for (int step = 0; step < 100; step++) {
      List<Draft.Group> groups = curriculum.next(step, 0, METER, 1000).groups();
      assertThat(groups).hasSize(2);
      Map<String, Boolean> first = new HashMap<>();
      groups
          .getFirst()
          .lessons()
          .forEach(lesson -> first.put(lesson.source() + lesson.id(), lesson.unsafe()));
      for (Lesson again : groups.getLast().lessons()) {
        if (Boolean.TRUE.equals(first.get(again.source() + again.id()))) {
          flipped += again.unsafe() ? 0 : 1;
          stayed += again.unsafe() ? 1 : 0;
        } else if (first.containsKey(again.source() + again.id())) {
          // Fewer categories never make a safe message unsafe.
          assertThat(again.unsafe()).isFalse();
        }
      }
    }
    assertThat((double) flipped / (flipped + stayed)).isBetween(0.2, 0.8);
  }

  @Test
  void textsTooLongForTwoPoliciesStandUnderOne() throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      String text = "word ".repeat(100) + i;
      String unsafe = i % 2 == 0 ? ",\"lg3\":[\"S2\"]" : "";
      lines.add(row(i, "long", text, i % 2 == 0 ? "unsafe" : "safe", unsafe));
    }
    Path file = folder.resolve("long.jsonl");
    Files.write(file, lines);
    DataOptions options =
        options("{validation-share: 0, rates: {flip: 1, drop-violated: 0, drop-unviolated: 0}}");
    Corpus corpus = Corpus.read(List.of(file), List.of(), FORMAT, options);
    Curriculum curriculum = new Curriculum(corpus, options);
    for (int step = 0; step < 20; step++) {
      assertThat(curriculum.next(step, 0, METER, 300).groups()).hasSize(1);
    }
    assertThatThrownBy(() -> curriculum.next(20, 0, METER, 150))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("does not fit into a batch of 150 tokens; raise batch-tokens");
  }

  @Test
  void labelsFollowTheShownCategories() throws IOException {
    Curriculum curriculum =
        curriculum(options("rates: {drop-violated: 0.5, drop-unviolated: 0.4}"));
    Set<Boolean> verdicts = new HashSet<>();
    for (int step = 0; step < 100; step++) {
      Draft.Group group = curriculum.next(step, 0, METER, 500).groups().getFirst();
      Set<String> names = new HashSet<>();
      group.policy().categories().forEach(category -> names.add(category.name()));
      for (Lesson lesson : group.lessons()) {
        if (lesson.source().equals("hate")) {
          assertThat(lesson.unsafe()).isEqualTo(names.contains("Hate"));
          verdicts.add(lesson.unsafe());
        }
        if (lesson.source().equals("vague")) {
          // Known by its label alone: taught under the whole policy or not at all.
          assertThat(names).hasSize(14);
          assertThat(lesson.unsafe()).isTrue();
          assertThat(lesson.codes()).isEmpty();
        }
      }
    }
    assertThat(verdicts).containsExactlyInAnyOrder(true, false);
  }

  @Test
  void goesOnWhereItStopped() throws IOException {
    Curriculum unbroken = curriculum(MANY);
    List<Draft> drafts = new ArrayList<>();
    Map<String, Long> position = Map.of();
    for (int step = 0; step < 40; step++) {
      if (step == 25) {
        position = unbroken.position();
      }
      drafts.add(unbroken.next(step, 0, METER, 400));
    }
    Curriculum resumed = curriculum(MANY);
    resumed.restore(position);
    for (int step = 25; step < 40; step++) {
      assertThat(resumed.next(step, 0, METER, 400)).isEqualTo(drafts.get(step));
    }
  }

  @Test
  void everyPromptComesOncePerEpoch() {
    List<Case> cases = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      cases.add(Cases.safe("text " + i));
    }
    Pool pool = new Pool("pool", 3, cases);
    for (int round = 0; round < 3; round++) {
      Set<String> seen = new HashSet<>();
      for (int i = 0; i < 30; i++) {
        seen.add(pool.draw().id());
      }
      assertThat(seen).hasSize(30);
    }
  }

  @Test
  void heldOutCasesAreNeverTaughtAndGroupsStayTogether() throws IOException {
    DataOptions options = options("{validation-share: 0.3}");
    Corpus corpus = Corpus.read(List.of(rows()), List.of(), FORMAT, options);
    Set<String> held = new HashSet<>();
    Map<String, Boolean> groups = new HashMap<>();
    corpus.validation().forEach(each -> held.add(each.prompt()));
    corpus.validation().forEach(each -> each.group().ifPresent(g -> groups.put(g, true)));
    assertThat(corpus.train()).noneMatch(each -> held.contains(each.prompt()));
    corpus
        .train()
        .forEach(each -> each.group().ifPresent(g -> assertThat(groups).doesNotContainKey(g)));
    assertThat(corpus.validationSize()).isBetween(50, 130);
    int judged = 0;
    for (Draft draft : new Curriculum(corpus, options).validation(METER, 400)) {
      judged += draft.lessons();
    }
    assertThat(judged).isEqualTo(corpus.validationSize());
  }

  @Test
  void repetitionsCountOnce() throws IOException {
    Path file = folder.resolve("twice.jsonl");
    String one = row(1, "a", "Hello, World!", "safe", "");
    Files.write(
        file,
        List.of(
            one, row(2, "a", "hello world", "safe", ""), row(3, "a", "HELLO world", "unsafe", "")));
    Corpus corpus = Corpus.read(List.of(file), List.of(), FORMAT, options("{validation-share: 0}"));
    assertThat(corpus.trainSize()).isEqualTo(1);
    assertThat(corpus.census().markdown()).contains("repeated with another label");
  }

  @Test
  void tiersAndSwitches() throws IOException {
    Path file = folder.resolve("tiers.jsonl");
    Files.write(
        file,
        List.of(
            row(1, "free", "one", "safe", ",\"meta\":{\"licence_tier\":\"A\"}"),
            row(2, "bound", "two", "safe", ",\"meta\":{\"licence_tier\":\"C\"}")));
    assertThatThrownBy(() -> Corpus.read(List.of(file), List.of(), FORMAT, options("{tiers: [A]}")))
        .isInstanceOf(RecipeException.class)
        .hasMessageContaining("row 2 of bound is of licence tier C, allowed are [A]");
    DataOptions off = options("{tiers: [A], validation-share: 0, sources: {bou*: {use: false}}}");
    assertThat(Corpus.read(List.of(file), List.of(), FORMAT, off).trainSize()).isEqualTo(1);
  }

  @Test
  void ownPolicyGoesByCategories() throws IOException {
    Policy bank =
        new Policy(
            "bank", "1", "Bank", List.of(new Category("B1", "Account data", "Of others.")), true);
    DataOptions options =
        DataOptions.read(Fields.parse("{validation-share: 0}", "test"), Map.of("bank", 1.0), 1);
    Path file = folder.resolve("bank.jsonl");
    Files.write(
        file,
        List.of(
            row(1, "b", "balance of my wife", "unsafe", ",\"categories\":[\"B1\"]"),
            row(2, "b", "opening hours", "safe", "")));
    Corpus corpus = Corpus.read(List.of(file), List.of(bank), FORMAT, options);
    Draft draft = new Curriculum(corpus, options).next(0, 0, METER, 300);
    Lesson unsafe =
        draft.groups().getFirst().lessons().stream()
            .filter(Lesson::unsafe)
            .findFirst()
            .orElseThrow();
    assertThat(unsafe.codes()).containsExactly("B1");
    Files.writeString(file, row(1, "b", "x", "unsafe", ",\"categories\":[\"Q9\"]") + "\n");
    assertThatThrownBy(() -> Corpus.read(List.of(file), List.of(bank), FORMAT, options))
        .hasMessageContaining("categories [Q9] are no codes of policy bank, which has [B1]");
  }

  @Test
  void ratesGrowIn() {
    Ramp ramp = Ramp.read(Fields.parse("r: {rate: 0.5, from: 100, until: 200}", "t"), "r", 0);
    assertThat(ramp.at(99)).isZero();
    assertThat(ramp.at(150)).isEqualTo(0.25);
    assertThat(ramp.at(999)).isEqualTo(0.5);
    assertThatThrownBy(() -> Rates.read(Fields.parse("{shufle: 0.1}", "r.yaml")))
        .hasMessageContaining("r.yaml: unknown field 'shufle'; known are ");
    assertThatThrownBy(() -> Rates.read(Fields.parse("{shuffle: 2}", "r.yaml")))
        .hasMessageContaining("r.yaml: shuffle is 2, expected a number from 0.0 to 1.0");
  }

  /** An order that differs from process to process would be another run, and end a resumed one. */
  @Test
  void optionsKeepTheOrderOfTheRecipe() {
    Map<String, Double> policies = new LinkedHashMap<>();
    Map<String, DataOptions.SourceOptions> sources = new LinkedHashMap<>();
    Set<String> tiers = new LinkedHashSet<>();
    for (int i = 9; i >= 0; i--) {
      policies.put("policy-" + i, 1.0);
      sources.put("source-" + i, DataOptions.SourceOptions.USUAL);
      tiers.add("tier-" + i);
    }
    DataOptions usual = DataOptions.usual("llama-guard-3", 1);
    DataOptions options =
        new DataOptions(policies, sources, tiers, 0.5, 0.1, 10, 100, 2, usual.rates(), 1);
    assertThat(options.policies().keySet()).containsExactlyElementsOf(policies.keySet());
    assertThat(options.sources().keySet()).containsExactlyElementsOf(sources.keySet());
    assertThat(List.copyOf(options.tiers())).isSorted();
    assertThat(List.copyOf(Tuning.Lora.of(2).targets())).isSorted();
  }
}
