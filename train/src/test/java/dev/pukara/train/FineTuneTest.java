package dev.pukara.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.Guard;
import dev.pukara.guard.GuardOptions;
import dev.pukara.guard.Policies;
import dev.pukara.train.FineTune.Ending;
import dev.pukara.train.FineTune.Result;
import dev.pukara.train.data.Fields;
import dev.pukara.train.data.RecipeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole runs on a tiny model of random weights. */
class FineTuneTest {
  private static final int STEPS = 12;

  private static final String POLICY =
      """
      id: shop
      version: "1"
      title: Shop
      categories:
        - {code: K1, name: Rude}
        - {code: K2, name: Theft}
      """;

  /** The mean of the scores of unsafe cases: any number will do here. */
  private static final RankMetric METRIC =
      (scores, unsafe) -> {
        double sum = 0;
        for (int i = 0; i < scores.length; i++) {
          sum += unsafe[i] ? scores[i] : 0;
        }
        return sum;
      };

  @TempDir private static Path shared;
  @TempDir private Path folder;

  @BeforeAll
  static void makeFiles() throws IOException {
    TinyModel.write(shared);
    Files.writeString(shared.resolve("shop.yaml"), POLICY);
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      String[] kinds = {
        "\"price of hat %d\",\"prompt_label\":\"safe\"",
        "\"you fool %d\",\"prompt_label\":\"unsafe\",\"categories\":[\"K1\"]",
        "\"steal hat %d\",\"prompt_label\":\"unsafe\",\"categories\":[\"K2\"]",
        "\"hat %d?\",\"response\":\"yes\",\"response_label\":\"safe\""
      };
      rows.add("{\"prompt\":" + String.format(Locale.ROOT, kinds[i % 4], i) + "}");
    }
    Files.write(shared.resolve("rows.jsonl"), rows);
  }

  private Recipe recipe(String out, String more) {
    return recipe(out, more, shared.resolve("shop.yaml"));
  }

  private Recipe recipe(String out, String more, Path policy) {
    Fields fields =
        Fields.parse(
            """
            steps: 12
            batch-tokens: 512
            checkpoint-every: 5
            validate-every: 4
            learning-rate: 0.003
            average-decay: 0.9
            rows: {validation-share: 0.3}
            """
                + more,
            "test");
    fields.set("base", shared.resolve("tiny.gguf").toString());
    fields.set("data", List.of(shared.resolve("rows.jsonl").toString()));
    fields.set("policy", List.of(policy.toString()));
    fields.set("out", folder.resolve(out).toString());
    return Recipe.read(fields);
  }

  private static Result run(Recipe recipe, boolean resume, int killedAt, int stoppedAt)
      throws IOException {
    int[] step = {0};
    RunListener listener =
        new RunListener() {
          @Override
          public void step(StepReport report) {
            step[0] = report.step();
            if (report.step() == killedAt) {
              throw new IllegalStateException("killed");
            }
          }
        };
    return FineTune.run(recipe, resume, METRIC, listener, () -> step[0] == stoppedAt);
  }

  /** The log without times. */
  private static List<String> log(Recipe recipe) throws IOException {
    try (Stream<String> lines = Files.lines(recipe.out().resolve("log.jsonl"))) {
      return lines.map(line -> line.replaceAll("\"seconds\":[^,}]*", "")).toList();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "export: {round-last: 0.5, type: Q8_0}",
        "lora: {rank: 2}\nbatches-per-step: 2",
      })
  void killedAndStoppedRunsEndLikeUnbrokenOnes(String more) throws IOException {
    Recipe unbroken = recipe("unbroken", more);
    assertThat(run(unbroken, false, -1, -1).ending()).isEqualTo(Ending.COMPLETED);
    Recipe broken = recipe("broken", more);
    assertThatThrownBy(() -> run(broken, false, 8, -1)).hasMessage("killed");
    // A cut-off line and a half-written checkpoint, as kill -9 may leave them.
    Path log = broken.out().resolve("log.jsonl");
    Files.writeString(log, Files.readString(log) + "{\"step\":9,\"lo");
    Files.createDirectory(broken.out().resolve("checkpoint-9.partial"));
    assertThat(run(broken, true, -1, 9).ending()).isEqualTo(Ending.STOPPED);
    assertThat(broken.out().resolve("checkpoint-9")).isDirectory();
    assertThat(run(broken, true, -1, -1).ending()).isEqualTo(Ending.COMPLETED);
    assertThat(log(broken)).isEqualTo(log(unbroken)).hasSize(STEPS + 3);
    assertThat(broken.out().resolve("model.gguf"))
        .hasSameBinaryContentAs(unbroken.out().resolve("model.gguf"));
    assertThat(run(broken, true, -1, -1).ending()).isEqualTo(Ending.ALREADY_DONE);
    assertThat(broken.out().resolve("checkpoint-5")).doesNotExist();
  }

  /** A link to the old log still has all of it: a kill in between would have lost nothing. */
  @Test
  void theLogIsReplacedAsAWhole() throws IOException {
    try (RunFolder run = RunFolder.open(folder.resolve("log"))) {
      run.write("log.jsonl", "{\"step\":1}\n{\"step\":2}\n{\"st");
      Path old = Files.createLink(folder.resolve("old"), run.path("log.jsonl"));
      RunLog.open(run, 1).close();
      assertThat(run.path("log.jsonl")).hasContent("{\"step\":1}");
      assertThat(old).content().endsWith("{\"st");
    }
  }

  @Test
  void resumeWithoutCheckpointStartsFresh() throws IOException {
    Recipe recipe = recipe("fresh", "");
    assertThatThrownBy(() -> run(recipe, true, 3, -1)).hasMessage("killed");
    assertThat(run(recipe, true, -1, -1).ending()).isEqualTo(Ending.COMPLETED);
    assertThat(log(recipe)).hasSize(STEPS + 3);
  }

  @Test
  void theModelJudgesAndSaysWhatItIs() throws IOException {
    Recipe recipe = recipe("model", "lora: {rank: 2}\nexport: {safetensors: true}");
    Result result = run(recipe, false, -1, -1);
    try (Guard guard =
        Guard.open(
            GuardOptions.of(result.model())
                .withPolicy(Policies.find(shared.resolve("shop.yaml").toString())))) {
      assertThat(guard.format().id()).isEqualTo("pukara-1");
      assertThat(guard.check(Conversation.user("price of hat")).score()).isBetween(0.0, 1.0);
    }
    assertThat(recipe.out().resolve("adapter/adapter_model.safetensors")).exists();
    assertThat(recipe.out().resolve("safetensors/config.json")).exists();
    assertThat(Files.readString(recipe.out().resolve("README.md")))
        .contains("base model: tiny.gguf, SHA-256", "LoRA of rank 2", "| shop |", "rows.jsonl");
    assertThat(Files.readString(recipe.out().resolve("plot.html"))).contains("<svg", "AUPRC");
  }

  @Test
  void whatDoesNotFitIsRefused() throws IOException {
    Recipe recipe = recipe("refused", "");
    try (RunFolder held = RunFolder.open(recipe.out())) {
      assertThat(held.isDone()).isFalse();
      assertThatThrownBy(() -> run(recipe, false, -1, -1))
          .isInstanceOf(RecipeException.class)
          .hasMessageContaining("another process trains here");
    }
    assertThat(run(recipe, false, -1, 6).ending()).isEqualTo(Ending.STOPPED);
    assertThatThrownBy(() -> run(recipe, false, -1, -1))
        .hasMessageContaining("holds a run already; go on with it (--resume)");
    assertThatThrownBy(() -> run(recipe("refused", "seed: 2"), true, -1, -1))
        .hasMessageContaining("started with another recipe");
  }

  @Test
  void patienceEndsARun() throws IOException {
    Recipe recipe = recipe("patience", "patience: 1\n");
    int[] validations = {0};
    RankMetric worse = (scores, unsafe) -> 1.0 / ++validations[0];
    Result result = FineTune.run(recipe, false, worse, RunListener.NONE, () -> false);
    assertThat(result.ending()).isEqualTo(Ending.COMPLETED);
    assertThat(result.steps()).isEqualTo(8);
  }

  @Test
  void patienceWaitsWhereNothingCanBeRanked() throws IOException {
    Recipe recipe = recipe("unranked", "patience: 1\n");
    RankMetric unknown = (scores, unsafe) -> Double.NaN;
    Result result = FineTune.run(recipe, false, unknown, RunListener.NONE, () -> false);
    assertThat(result.steps()).isEqualTo(STEPS);
    RunListener.PolicyScore ranked = new RunListener.PolicyScore("a", 2, 1, 0.5, 0.75, 1);
    RunListener.PolicyScore unranked = new RunListener.PolicyScore("b", 2, 0, 0.5, Double.NaN, 0);
    assertThat(new RunListener.ValidationReport(4, List.of(ranked, unranked), true).auprc())
        .isEqualTo(0.75);
  }

  @Test
  void demonstrationsStandInThePromptAsTheyAreServed() throws IOException {
    Path policy = folder.resolve("shown.yaml");
    String shown = "{code: K1, name: Rude, examples: {unsafe: [You clown]}}";
    Files.writeString(
        policy, "few_shot_tokens: 100\n" + POLICY.replace("{code: K1, name: Rude}", shown));
    Preview preview = FineTune.preview(recipe("shown", "", policy), STEPS);
    assertThat(preview.batches())
        .anyMatch(
            batch -> batch.contains("You clown<|im_end|>\n<|im_start|>guard\nUser: unsafe K1"));
  }

  @Test
  void previewShowsDataAndTargets() throws IOException {
    Preview preview = FineTune.preview(recipe("preview", ""), 2);
    assertThat(preview.data()).contains("| rows |", "shop K1");
    assertThat(preview.batches()).hasSize(2);
    assertThat(preview.batches().getFirst()).contains("User:⟦ safe⟧", "⟦ unsafe K");
    assertThat(preview.steps()).isEqualTo(STEPS);
    assertThat(folder.resolve("preview")).doesNotExist();
  }
}
