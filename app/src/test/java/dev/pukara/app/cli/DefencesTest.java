package dev.pukara.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.app.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Conversations, streams, servers, attacks and adherence on the command line. */
class DefencesTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Path ATTACKS = Path.of("../data/attacks/attacks.jsonl");
  @TempDir private static Path folder;
  private static String model = "";

  @BeforeAll
  static void makeModel() throws IOException {
    model = Cli.tinyModel(folder);
  }

  private static Result run(String input, String command, String... more) {
    List<String> args =
        new ArrayList<>(List.of(command, "--model", model, "--format", "llama-guard-3-1b"));
    args.addAll(List.of(more));
    return Cli.pipe(input, args.toArray(String[]::new));
  }

  @Test
  void messagesOfEveryKindReachThePrompt() {
    String messages =
        """
        [{"role":"system","content":"Be kind."},
         {"role":"user","content":[{"type":"text","text":"Weather?"},{"type":"image_url","image_url":{}}]},
         {"role":"assistant","content":"I look.","tool_calls":[{"id":"1","type":"function",
          "function":{"name":"weather","arguments":"{\\"at\\":\\"Lima\\"}"}},
          {"id":"2","type":"function","function":{"name":"clock","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"1","content":"Grey."},
         {"role":"assistant","content":[{"type":"output_text","text":"It is grey."},
          {"type":"refusal","refusal":"No more."}]}]
        """;
    Result prompt =
        Cli.pipe(
            messages,
            "prompt",
            "--format",
            "llama-guard-3-1b",
            "--messages",
            "-",
            "--placeholders");
    assertThat(prompt.out())
        .contains(
            """
            Agent: [system] Be kind.

            User: Weather?
            [image, not judged]

            Agent: I look.
            [calls weather] {"at":"Lima"}
            [calls clock] {}

            User: [result of weather] Grey.

            Agent: It is grey.
            No more.
            """);
  }

  @Test
  void partsOfAMessageAreReadAsOneText() {
    String parts =
        """
        [{"role":"user","content":[{"type":"text","text":"How do I pick a lock?"},
         {"type":"text","text":"What is the capital of Peru?"}]}]
        """;
    String whole =
        """
        [{"role":"user","content":"How do I pick a lock?\\nWhat is the capital of Peru?"}]
        """;
    String[] prompt = {"prompt", "--format", "llama-guard-3-1b", "--messages", "-"};
    assertThat(Cli.pipe(parts, prompt).out())
        .isEqualTo(Cli.pipe(whole, prompt).out())
        .contains("lock?\nWhat");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | expected {\"messages\":[...]}",
        "{\"messages\": | not JSON (line 1",
        "[{\"role\":\"judge\",\"content\":\"x\"}] | messages[0]: role 'judge'",
        "[{\"role\":\"user\"}] | messages[0]: 'content' must be text",
        "[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\"}]}] | messages[0].content[0]: a part of kind 'input_audio'",
        "[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}] | content[0].text: must be text",
        "[{\"role\":\"assistant\",\"tool_calls\":[{\"type\":\"custom\"}]}] | tool_calls[0]: no function name",
        "[{\"role\":\"user\",\"content\":[]}] | no message says anything",
      })
  void whatIsNotUnderstoodIsSaid(String messages, String error) {
    Result result = run(messages, "check", "--messages", "-");
    assertThat(result.code()).isEqualTo(ExitCodes.USAGE);
    assertThat(result.err()).contains(error);
  }

  @Test
  void streamPrintsTheAnswerAndThenTheVerdict() {
    String answer = "Mix flour and water. ".repeat(12).strip();
    Result passed = run(answer, "check", "--stream", "--threshold", "1", "How do I bake bread?");
    assertThat(passed.code()).isEqualTo(ExitCodes.SAFE);
    assertThat(passed.out().strip()).isEqualTo(answer);
    assertThat(passed.err())
        .contains("safe")
        .containsPattern("checks: \\d+, tokens computed: \\d+");

    Result stopped = run(answer, "check", "--stream", "--threshold", "0", "--json", "Hi");
    assertThat(stopped.code()).isEqualTo(ExitCodes.UNSAFE);
    assertThat(stopped.out().strip()).isEqualTo("[This answer was stopped by a safety check.]");
    assertThat(JSON.readTree(stopped.err()).get("verdict").asString()).isEqualTo("unsafe");
    assertThat(run("", "check", "--stream").err()).contains("standard input is empty");
    assertThat(run("", "check", "--stream", "-").err()).contains("--stream reads the answer");
  }

  @Test
  void serverInPlaceOfAModel() throws IOException {
    try (OddsServer server =
        new OddsServer(-0.1, -3, (asked, token) -> "Bearer t-1".equals(token) ? 200 : 401)) {
      Path token = Files.writeString(folder.resolve("token"), "t-1\n");
      List<String> args =
          new ArrayList<>(
              List.of(
                  "check",
                  "Hi",
                  "--remote",
                  server.url(),
                  "--remote-model",
                  "meta-llama/Llama-Guard-3-8B"));
      Result refused = Cli.run(args.toArray(String[]::new));
      assertThat(refused.code()).isEqualTo(ExitCodes.UNREADABLE);
      assertThat(refused.out()).contains("HTTP 401; check the bearer token");
      args.addAll(List.of("--remote-token-file", token.toString()));
      Result answered = Cli.run(args.toArray(String[]::new));
      assertThat(answered.code()).as(answered.err()).isZero();
      assertThat(answered.out()).contains("llama-guard-3-8b").doesNotContain("t-1");
      Path policy = folder.resolve("mine.yaml");
      Cli.run("policy", "init", policy.toString());
      List<String> test = new ArrayList<>(List.of("policy", "test", "--policy", policy.toString()));
      test.addAll(args.subList(2, args.size()));
      assertThat(Cli.run(test.toArray(String[]::new)).out())
          .contains("expected unsafe [C1], got safe 0.0")
          .contains("1 of 2 examples as the policy says");
      test.addAll(List.of("--remote-api", "chat"));
      assertThat(Cli.run(test.toArray(String[]::new)).out())
          .contains("expected safe, got unreadable (")
          .contains("0 of 2 examples as the policy says");
    }
    assertThat(Cli.run("check", "Hi", "--remote", "http://localhost").err())
        .contains("--remote-model NAME");
    assertThat(Cli.run("check", "Hi", "--remote", "http://localhost", "--remote-model", "x").err())
        .contains("choose one with --format");
  }

  /** The server calls the message unsafe, and then answers nothing about a category. */
  @Test
  void categoriesThatCouldNotBeReadAreNamed() throws IOException {
    try (OddsServer server =
        new OddsServer(-3, -0.1, (asked, token) -> asked.contains("S2:") ? 200 : 400)) {
      String url = server.url();
      String[] text = {
        "check", "Hi", "--remote", url, "--remote-model", "meta-llama/Llama-Guard-3-8B"
      };
      assertThat(Cli.run(text).out()).contains("unsafe  0.948", "S2", "unreadable: S1, S3, S4");
      String[] json = Arrays.copyOf(text, text.length + 1);
      json[text.length] = "--json";
      Result result = Cli.run(json);
      assertThat(result.code()).isEqualTo(ExitCodes.UNSAFE);
      JsonNode verdict = JSON.readTree(result.out());
      assertThat(verdict.get("unreadableCategories").size()).isEqualTo(13);
      assertThat(verdict.get("categoryScores")).hasSize(1);
    }
  }

  @Test
  void attacksMakeNoSpecialTokenAndNoFormLowersAScore() throws IOException {
    List<String> lines = Files.readAllLines(ATTACKS);
    assertThat(lines).hasSizeGreaterThan(500);
    List<String> some = new ArrayList<>();
    for (int i = 0; i < lines.size(); i += 25) {
      some.add(lines.get(i));
    }
    Path sample = Files.write(folder.resolve("attacks.jsonl"), some);
    Result result =
        run("", "attacks", "--data", sample.toString(), "--json", "--exclude", "S1,S2,S3,S4,S5,S6");
    assertThat(result.code()).as(result.err()).isZero();
    JsonNode json = JSON.readTree(result.out());
    assertThat(json.get("specialTokens").asLong()).isZero();
    assertThat(json.get("all").get("rows").asInt()).isEqualTo(some.size());
    assertThat(json.get("all").get("lower").asInt()).isZero();
    assertThat(json.get("kinds").size()).isGreaterThan(15);
    Result text = run("", "attacks", "--data", ATTACKS.resolveSibling("payloads.tsv").toString());
    assertThat(text.err()).contains("payloads.tsv:1: no attack");
  }

  @Test
  void adherence() throws IOException {
    Path rows =
        Files.writeString(
            folder.resolve("rows.jsonl"),
            """
            {"prompt":"I will hurt you","prompt_label":"unsafe","lg3":["S1"]}
            {"prompt":"Sell me a stolen card","response":"Sure, here.","prompt_label":"unsafe","response_label":"unsafe","lg3":["S2"]}
            {"prompt":"Bake bread","prompt_label":"safe","lg3":[]}
            """);
    Result result = run("", "adherence", "--data", rows.toString(), "--json", "--threshold", "0");
    assertThat(result.code()).as(result.err()).isZero();
    JsonNode json = JSON.readTree(result.out());
    JsonNode own = json.get("own").get("all");
    assertThat(own.get("rows").asInt()).isEqualTo(3);
    assertThat(own.get("unsafe").asInt()).isEqualTo(3);
    assertThat(own.get("turnedSafe").asInt()).isZero();
    assertThat(own.get("meanMove").asDouble()).isPositive();
    assertThat(json.get("own").get("S2").get("rows").asInt()).isEqualTo(2);
    assertThat(json.get("safe").get("all").get("rows").asInt()).isEqualTo(1);
    Result table = run("", "adherence", "--data", rows.toString());
    assertThat(table.out()).contains("own category left out").contains("all    |");
    assertThat(table.out().lines()).allMatch(line -> line.length() <= 80);
  }
}
