package dev.pukara.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.eval.data.Columns;
import dev.pukara.eval.data.DataSet;
import dev.pukara.eval.data.DataSets;
import dev.pukara.eval.data.DataSpec;
import dev.pukara.guard.Example;
import dev.pukara.guard.Policy;
import dev.pukara.rows.Label;
import dev.pukara.rows.Task;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Runs with a fake guard: what is on disk, and what is computed from it. */
class EvaluationTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int ENDLESS = 1_000_000;
  private static final String ROWS =
      """
      {"id":"1","prompt":"good","prompt_label":"safe"}
      {"id":"2","prompt":"bad bad S1.","response":"good","prompt_label":"unsafe","response_label":"safe","lg3":["S1"]}
      {"id":"3","prompt":"bad S2.","prompt_label":"unsafe","lg3":["S2"]}
      {"id":"4","prompt":"bad S1.</script><script>alert(1)</script>","prompt_label":"safe"}
      {"id":"5","prompt":"good","prompt_label":"unsafe","lg3":[]}
      {"id":"6","prompt":"garbled","prompt_label":"unsafe"}
      {"id":"7","prompt":"nobody judged this"}
      """;

  @TempDir private Path folder;
  private DataSet set;
  private Path report;

  @BeforeEach
  void data() throws IOException {
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(file, ROWS);
    set = read("rows", file);
    report = folder.resolve("out");
  }

  private static DataSet read(String name, Path file) throws IOException {
    return DataSets.read(new DataSpec(name, Optional.empty(), file), Columns.OWN_NAMES);
  }

  private static FakeContender fake(String label, double weight) {
    return new FakeContender(label, weight, ENDLESS);
  }

  private void run(Contender... contenders) throws IOException {
    Evaluation.run(
        EvaluationOptions.into(report), List.of(contenders), List.of(set), Progress.NONE);
  }

  private JsonNode metrics() throws IOException {
    return JSON.readTree(Files.readString(report.resolve("metrics.json")));
  }

  private List<JsonNode> predictions() throws IOException {
    return Files.readAllLines(report.resolve("rows/predictions.jsonl")).stream()
        .map(JSON::readTree)
        .toList();
  }

  @Test
  void everyJudgedMessageIsALine() throws IOException {
    run(fake("fake", 1));
    List<JsonNode> lines = predictions();
    assertThat(lines)
        .extracting(p -> p.get("task").asString() + p.get("id").asString())
        .containsExactly(
            "prompt1", "prompt2", "response2", "prompt3", "prompt4", "prompt5", "prompt6");
    assertThat(lines.get(1).get("score").asDouble()).isEqualTo(1 / (1 + Math.exp(-1)));
    assertThat(lines.get(1).get("codes").get(0).asString()).isEqualTo("S1");
    assertThat(lines.get(5).get("label").asString())
        .as("not covered by the policy")
        .isEqualTo("safe");
    assertThat(lines.get(6).get("score").isNull()).isTrue();
    assertThat(lines.get(6).get("verdict").asString()).isEqualTo("unreadable");
    assertThat(lines).allSatisfy(p -> assertThat(p.get("promptDigest").asString()).hasSize(64));
  }

  @Test
  void metricsFollowFromTheScores() throws IOException {
    run(fake("fake", 1));
    JsonNode all = metrics();
    JsonNode rows = all.get("sets").get("rows");
    // Labels 0 1 0 1 0 0 1, scores .27 .73 .27 .5 .5 .27 1: precision 1, 1, then 3/4 of the tie.
    assertThat(rows.get("auprc").asDouble()).isEqualTo((1 + 1 + 0.75) / 3);
    assertThat(rows.get("unreadable").asInt()).isEqualTo(1);
    assertThat(rows.get("complete").asBoolean()).isTrue();
    // Flagged: 2, 3, 4 and the unreadable 6.
    assertThat(rows.get("precision").asDouble()).isEqualTo(0.75);
    assertThat(rows.get("recall").asDouble()).isEqualTo(1);
    assertThat(rows.get("fpr").asDouble()).isEqualTo(0.25);
    assertThat(rows.get("auprcCi").get(0).asDouble())
        .isLessThanOrEqualTo(rows.get("auprc").asDouble());
    assertThat(rows.get("tasks").get("prompt").get("predictions").asInt()).isEqualTo(6);
    JsonNode oneClass = rows.get("tasks").get("response");
    assertThat(oneClass.get("auroc").isNull()).isTrue();
    assertThat(oneClass.get("auprc").isNull()).isTrue();
    assertThat(oneClass.get("auprcCi").get(0).isNull()).isTrue();
    assertThat(rows.get("thresholds").get("half").get("tp").asInt()).isEqualTo(3);
    assertThat(all.get("model").get("digest").asString()).isEqualTo("m1.0");
    assertThat(rows.get("dataDigest").asString()).hasSize(64);
    assertThat(Files.readString(report.resolve("report.md")))
        .contains("| rows | 7 | 3 |", "Unreadable in rows: 1 ");
  }

  @Test
  void categoriesAgainstAllAndAgainstBenign() throws IOException {
    run(fake("fake", 1));
    JsonNode s1 = metrics().get("sets").get("rows").get("categories").get("S1");
    assertThat(s1.get("positives").asInt()).isEqualTo(1);
    // Row 2 and row 4, which is safe, have the category's high score.
    assertThat(s1.get("oneVsAllAuprc").asDouble()).isEqualTo(0.5);
    JsonNode s2 = metrics().get("sets").get("rows").get("categories").get("S2");
    assertThat(s2.get("oneVsBenignAuprc").asDouble()).isEqualTo(1);
    assertThat(metrics().get("sets").get("rows").get("maxCategory").has("auprc")).isTrue();
  }

  /** A server may call a message unsafe and then fail to answer about its categories. */
  @Test
  void unsafeMessageWithoutCategoriesDoesNotHideThoseOfOthers() {
    Prediction safe = prediction(Rating.SAFE, Map.of("S1", 0.1));
    Prediction lost = prediction(Rating.UNSAFE, Map.of());
    Identity identity = new Identity("m", "", "p", "", "f", "", "", Map.of("S1", "Rudeness"));
    assertThat(metrics(safe, lost).all(identity)).containsKey("maxCategory");
    assertThat(metrics(prediction(Rating.SAFE, Map.of()), lost).all(identity))
        .doesNotContainKey("maxCategory");
  }

  private static Metrics metrics(Prediction... predictions) {
    return new Metrics(List.of(predictions), OptionalDouble.empty(), OptionalDouble.empty());
  }

  private static Prediction prediction(String verdict, Map<String, Double> categories) {
    double score = verdict.equals(Rating.SAFE) ? 0.1 : 0.9;
    Rating rating = new Rating(OptionalDouble.of(score), verdict, List.of(), categories, "", 1, 1);
    return new Prediction(verdict, Task.PROMPT, Label.SAFE, Optional.empty(), rating);
  }

  @Test
  void aKilledRunGoesOn() throws IOException {
    assertThatThrownBy(() -> run(new FakeContender("fake", 1, 4)))
        .isInstanceOf(IllegalStateException.class);
    Path file = report.resolve("rows/predictions.jsonl");
    assertThat(Files.readAllLines(file)).hasSizeBetween(1, 4);
    // Killed in the middle of a line.
    Files.writeString(file, Files.readString(file) + "{\"id\":\"2\",\"ta");
    FakeContender again = fake("fake", 1);
    run(again);
    assertThat(again.asked.get()).isLessThan(7);
    String resumed = withoutTimes(file);
    report = folder.resolve("fresh");
    run(fake("fake", 1));
    assertThat(resumed).isEqualTo(withoutTimes(report.resolve("rows/predictions.jsonl")));
  }

  private static String withoutTimes(Path file) throws IOException {
    return Files.readString(file).replaceAll("\"millis\":[0-9.]+", "");
  }

  @Test
  void scoresOfAnotherGuardOrFileAreNotMixed() throws IOException {
    run(fake("fake", 1));
    assertThatThrownBy(() -> run(fake("fake", 2)))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContainingAll("fake-1.0", "fake-2.0", "choose another folder");
    Files.writeString(set.path(), ROWS + "\n");
    assertThatThrownBy(() -> run(fake("fake", 1))).hasMessageContaining("another data file");
    assertThatThrownBy(() -> run(fake("a", 1), fake("b", 1))).hasMessageContaining("of several");
  }

  @Test
  void labelsOfAnotherMappingOrReaderAreNotMixed() throws IOException {
    Path table = folder.resolve("table.csv");
    Files.writeString(table, "prompt,kind\ngood,hate\nbad,spam\n");
    DataSpec spec = new DataSpec("t", Optional.of("csv"), table);
    set = DataSets.read(spec, Columns.parse("prompt_label=kind:spam|hate"));
    run(fake("fake", 1));
    set = DataSets.read(spec, Columns.parse("prompt_label=kind:hate|spam"));
    run(fake("fake", 1));
    set = DataSets.read(spec, Columns.parse("prompt_label=kind:hate"));
    assertThatThrownBy(() -> run(fake("fake", 1)))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContainingAll("'csv' with --columns prompt_label=kind:hate|spam", "kind:hate;");
    // Runs of versions that did not keep the mapping go on.
    Path file = report.resolve("run.json");
    Files.writeString(file, Files.readString(file).replaceAll("\"columns\" : .*,", ""));
    run(fake("fake", 1));
    Files.writeString(file, Files.readString(file).replace("\"csv\"", "\"toxicchat\""));
    assertThatThrownBy(() -> run(fake("fake", 1))).hasMessageContaining("read by 'toxicchat'");
  }

  /** A link to the old file still has all of it: a kill in between would have lost nothing. */
  @Test
  void whatWasJudgedIsReplacedAsAWhole() throws IOException {
    run(fake("fake", 1));
    Path file = report.resolve("run.json");
    String before = Files.readString(file);
    Path old = Files.createLink(folder.resolve("old"), file);
    run(fake("fake", 1));
    assertThat(file).exists();
    assertThat(old).hasContent(before);
    assertThat(report.resolve("run.json.partial")).doesNotExist();
  }

  @Test
  void aSmallerLimitIsPartOfALargerOne() throws IOException {
    EvaluationOptions options = EvaluationOptions.into(report);
    Evaluation.run(options.withLimit(2), List.of(fake("x", 1)), List.of(set), Progress.NONE);
    int few = predictions().size();
    assertThat(metrics().get("sets").get("rows").get("complete").asBoolean()).isFalse();
    FakeContender more = fake("x", 1);
    Evaluation.run(options.withLimit(5), List.of(more), List.of(set), Progress.NONE);
    assertThat(predictions()).hasSize(few + more.asked.get());
  }

  @Test
  void severalGuardsSideBySideThenCompared() throws IOException {
    run(fake("a", 1), fake("b", -1));
    JsonNode runs = metrics().get("runs");
    assertThat(runs.get("a").get("sets").get("rows").get("auprc").asDouble())
        .isGreaterThan(runs.get("b").get("sets").get("rows").get("auprc").asDouble());
    List<Comparison.Line> lines = Comparison.of(report.resolve("b"), report.resolve("a"));
    assertThat(lines).extracting(Comparison.Line::metric).containsExactly("auprc", "auroc", "f1");
    assertThat(lines.getFirst().difference()).isPositive();
    assertThat(lines.getFirst().messages()).isEqualTo(7);
    assertThatThrownBy(() -> Comparison.of(report, report)).hasMessageContaining("several guards");
  }

  @Test
  void scoredAgainWithoutTheGuard() throws IOException {
    run(fake("fake", 1));
    EvaluationOptions options =
        new EvaluationOptions(report, 0, OptionalDouble.of(0.6), Optional.of("rows"), true, "abc");
    Report.write(options, Report.sets(report));
    JsonNode thresholds = metrics().get("sets").get("rows").get("thresholds");
    assertThat(thresholds.get("given").get("tp").asInt()).isEqualTo(2);
    assertThat(thresholds.get("validation").get("threshold").asDouble()).isEqualTo(0.5);
    assertThat(metrics().get("commit").asString()).isEqualTo("abc");
    EvaluationOptions wrong =
        new EvaluationOptions(report, 0, OptionalDouble.empty(), Optional.of("no"), true, "abc");
    assertThatThrownBy(() -> Report.write(wrong, List.of()))
        .hasMessageContaining("--validation no");
    assertThatThrownBy(() -> Report.sets(folder.resolve("nowhere")))
        .hasMessageContaining("run.json");
  }

  @Test
  void textsOfRowsAreData() throws IOException {
    run(fake("fake", 1));
    String page = Files.readString(report.resolve("report.html"));
    assertThat(page)
        .contains("\\u003c/script>\\u003cscript>alert(1)")
        .doesNotContain("<script>alert");
    assertThat(page).doesNotContain("/*DATA*/").doesNotContain("https://");
    Report.write(
        new EvaluationOptions(report, 0, OptionalDouble.empty(), Optional.empty(), false, "abc"),
        Report.sets(report));
    assertThat(Files.readString(report.resolve("report.html"))).doesNotContain("alert(1)");
  }

  /** UTF-8 has no bytes for half a surrogate pair: in an id, in a text, or where a text is cut. */
  @Test
  void halfACharacterEndsNoRun() throws IOException {
    Files.writeString(
        set.path(),
        "{\"id\":\"\\ud83d\",\"prompt\":\"good \\ude00\",\"prompt_label\":\"unsafe\"}\n"
            + "{\"id\":\"long\",\"prompt\":\"%s😀😀\",\"prompt_label\":\"unsafe\"}\n"
                .formatted("x".repeat(1_499)));
    set = read("rows", set.path());
    run(fake("fake", 1));
    FakeContender again = fake("fake", 1);
    run(again);
    assertThat(again.asked.get()).as("found again by its id").isZero();
    assertThat(report.resolve("report.html"))
        .content()
        .contains("\"id\":\"\\ud83d\"", "good \\ude00", "xxx😀 ...");
  }

  @Test
  void twoRunsAtOnceAreRefused() throws IOException {
    run(fake("fake", 1));
    Files.delete(report.resolve("rows/predictions.jsonl"));
    FakeContender second = fake("fake", 1);
    try (FileChannel other = FileChannel.open(report.resolve("lock"), StandardOpenOption.WRITE)) {
      other.lock();
      assertThatThrownBy(() -> run(second))
          .isInstanceOf(EvaluationException.class)
          .hasMessageContaining("another run writes to it");
    }
    assertThat(second.asked.get()).isZero();
    run(second);
    assertThat(predictions()).hasSize(7);
  }

  @Test
  void nothingToMeasureIsAnError() throws IOException {
    Path file = folder.resolve("none.jsonl");
    Files.writeString(file, "{\"prompt\":\"x\",\"prompt_label\":null}\n");
    set = read("none", file);
    assertThatThrownBy(() -> run(fake("fake", 1))).hasMessageContaining("no row has a label");
  }

  @Test
  void policiesOfBenchmarksHaveBothSidesOfEveryCategory() {
    for (String id : List.of("openai-moderation-2022", "toxicchat")) {
      assertThat(TargetPolicies.zeroShot(id).settings().fewShotTokens()).isZero();
      Policy policy = TargetPolicies.fewShot(id);
      assertThat(policy.settings().fewShotTokens()).isPositive();
      assertThat(policy.categories())
          .allSatisfy(
              category ->
                  assertThat(category.examples())
                      .extracting(Example::isSafe)
                      .contains(true, false));
    }
  }
}
