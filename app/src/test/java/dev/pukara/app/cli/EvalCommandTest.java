package dev.pukara.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.app.cli.Cli.Result;
import dev.pukara.eval.Adaptation;
import dev.pukara.eval.Contender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code pukara eval} as a user sees it, on a tiny model of random weights. */
class EvalCommandTest {
  @TempDir private static Path folder;
  private static String model = "";

  @BeforeAll
  static void makeFiles() throws IOException {
    model = Cli.tinyModel(folder);
    StringBuilder rows = new StringBuilder();
    StringBuilder samples = new StringBuilder();
    for (int i = 0; i < 6; i++) {
      String label = i % 2 == 0 ? "safe" : "unsafe";
      rows.append(
          "{\"id\":\"%d\",\"prompt\":\"message %d\",\"prompt_label\":\"%s\",\"lg3\":%s}%n"
              .formatted(i, i, label, i % 2 == 0 ? "[]" : "[\"S2\"]"));
      samples.append("{\"prompt\":\"message %d\",\"S\":%d,\"H\":0}%n".formatted(i, i % 2));
    }
    Files.writeString(folder.resolve("rows.jsonl"), rows);
    Files.writeString(folder.resolve("samples.jsonl"), samples);
  }

  private static Result eval(String report, String... more) {
    List<String> args = new ArrayList<>(List.of("eval"));
    if (more.length > 0 && more[0].equals("paper")) {
      args.add("paper");
      more = List.of(more).subList(1, more.length).toArray(String[]::new);
    }
    args.addAll(
        List.of(
            "--model",
            model,
            "--format",
            "llama-guard-3-1b",
            "--report",
            folder.resolve(report).toString()));
    args.addAll(List.of(more));
    return Cli.run(args.toArray(String[]::new));
  }

  private static JsonNode metrics(String report) throws IOException {
    return new JsonMapper()
        .readTree(Files.readString(folder.resolve(report).resolve("metrics.json")));
  }

  private static String data(String name, String file) {
    return "--data=" + name + "=" + folder.resolve(file);
  }

  @Test
  void scoresMetricsReportThenAgainWithoutTheModel() throws IOException {
    Result first = eval("one", data("mine", "rows.jsonl"), "--categories", "always");
    assertThat(first.code()).as(first.err()).isZero();
    assertThat(first.out()).contains("AUPRC", "mine", "report.html");
    assertThat(first.out().lines())
        .allMatch(line -> line.length() <= 80 || line.contains("Report:"));
    JsonNode set = metrics("one").get("sets").get("mine");
    assertThat(set.get("auprc").asDouble()).isBetween(0.0, 1.0);
    assertThat(set.get("policy").get("id").asString()).isEqualTo("llama-guard-3");
    assertThat(set.get("categories").get("S2").get("positives").asInt()).isEqualTo(3);
    assertThat(Files.readAllLines(folder.resolve("one/mine/predictions.jsonl"))).hasSize(6);
    double before = set.get("auprc").asDouble();
    Result again = Cli.run("eval", "score", folder.resolve("one").toString(), "--at", "0.4");
    assertThat(again.code()).as(again.err()).isZero();
    assertThat(metrics("one").get("sets").get("mine").get("auprc").asDouble()).isEqualTo(before);
    // Nothing is left to judge: the same scores.
    assertThat(eval("one", data("mine", "rows.jsonl"), "--categories", "always").err())
        .contains("6 of 6 messages are done already");
  }

  @Test
  void tableFourOfThePaperComparesThreeAdaptations() throws IOException {
    Result result =
        eval("table4", "paper", "--table", "4", data("openai", "samples.jsonl"), "--limit", "4");
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out()).contains("tiny-zero-shot", "tiny-few-shot", "0.847", "0.872");
    JsonNode runs = metrics("table4").get("runs");
    assertThat(runs.propertyNames())
        .containsExactlyInAnyOrder("tiny-no-adaptation", "tiny-zero-shot", "tiny-few-shot");
    assertThat(runs.get("tiny-few-shot").get("policy").get("id").asString())
        .isEqualTo("openai-moderation-2022");
    Result compared =
        Cli.run(
            "eval",
            "compare",
            folder.resolve("table4/tiny-no-adaptation").toString(),
            folder.resolve("table4/tiny-zero-shot").toString());
    assertThat(compared.code()).as(compared.err()).isZero();
    assertThat(compared.out()).contains("openai", "auprc", "B - A");
  }

  @Test
  void mistakesAreTold() {
    assertThat(Cli.run("eval", "--report", "x").err()).contains("no data; give --data");
    assertThat(Cli.run("eval", data("a", "rows.jsonl"), "--model", "m.gguf").err())
        .contains("no folder for the results");
    assertThat(eval("x", data("a", "no-such.jsonl")).err())
        .contains("no-such.jsonl: there is no such file");
    assertThat(eval("x", data("a", "rows.jsonl"), data("a", "rows.jsonl")).err())
        .contains("given twice");
    assertThat(eval("x", "paper", "--table", "3", data("a", "rows.jsonl")).err())
        .contains("expected 2");
    assertThat(eval("x", "paper", "--table", "4", data("a", "rows.jsonl")).err())
        .contains("OpenAI moderation set");
    assertThat(Cli.run("eval", "score", folder.resolve("nowhere").toString()).err())
        .contains("no run.json");
  }

  @Test
  void numbersThatSelectNothingAreRefused() {
    String rows = folder.resolve("rows.jsonl").toString();
    assertRefused(eval("x", data("a", "rows.jsonl"), "--limit", "-1"), "--limit -1: expected");
    assertRefused(
        Cli.run("adherence", "--model", model, "--data", rows, "--rows", "0"),
        "--rows 0: expected at least 1");
    assertRefused(
        Cli.run("model", "compare", model, "--data", rows, "--rows", "0"),
        "--rows 0: expected at least 1");
  }

  private static void assertRefused(Result result, String message) {
    assertThat(result.code()).as(result.err()).isEqualTo(ExitCodes.USAGE);
    assertThat(result.err()).contains(message).hasLineCount(1);
  }

  /** A server's model may be called ORGANISATION/NAME. */
  @Test
  void everyGuardHasAFolderThatTheReportSees() throws IOException {
    EvalOptions options = new EvalOptions();
    new CommandLine(options)
        .parseArgs("--openai", "http://localhost", "--openai-model", "org/guard");
    assertThat(options.contenders(List.of(Adaptation.NONE)))
        .extracting(Contender::label)
        .containsExactly("org_guard");
  }

  @Test
  void readers() {
    assertThat(Cli.run("eval", "readers").out()).contains("toxicchat", "wildguardmix", "columns:");
  }
}
