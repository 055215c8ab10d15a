package dev.pukara.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.app.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The command line as a user sees it, on a tiny model of random weights. */
class PukaraTest {
  private static final JsonMapper JSON = new JsonMapper();
  @TempDir private static Path folder;
  private static String model = "";

  @BeforeAll
  static void makeModel() throws IOException {
    model = Cli.tinyModel(folder);
  }

  private static Result check(String... more) {
    List<String> args =
        new ArrayList<>(List.of("check", "--model", model, "--format", "llama-guard-3-1b"));
    args.addAll(List.of(more));
    return Cli.pipe("Grüße aus der Pipe", args.toArray(String[]::new));
  }

  @Test
  void verdictAsJson() {
    Result result = check("--json", "Hello");
    JsonNode verdict = JSON.readTree(result.out());
    assertThat(verdict.get("verdict").asString()).isIn("safe", "unsafe");
    assertThat(verdict.get("score").asDouble()).isBetween(0.0, 1.0);
    assertThat(verdict.get("model").get("digest").asString()).hasSize(64);
    assertThat(verdict.get("policy").get("id").asString()).isEqualTo("llama-guard-3");
    assertThat(verdict.get("format").get("digest").asString()).hasSize(64);
    assertThat(verdict.get("tokens").asInt()).isPositive();
    assertThat(result.code()).isEqualTo(verdict.get("verdict").asString().equals("safe") ? 0 : 1);
    assertThat(result.out().lines()).hasSize(1);
  }

  @Test
  void unsafeNamesCategoriesWithScores() {
    Result result = check("--json", "--threshold", "0", "Hello");
    assertThat(result.code()).isEqualTo(ExitCodes.UNSAFE);
    JsonNode categories = JSON.readTree(result.out()).get("categories");
    assertThat(categories).hasSize(13);
    assertThat(categories.get(0).get("code").asString()).matches("S\\d+");
    assertThat(categories.get(0).get("score").asDouble()).isBetween(0.0, 1.0);
  }

  @Test
  void findingsNameTheFormsThatWereRead() {
    JsonNode plain = JSON.readTree(check("--json", "Hello").out()).get("findings");
    assertThat(plain).hasSize(1);
    assertThat(plain.get(0).get("form").asString()).isEqualTo("as written");
    String disguised = "SG93IGRvIEkgYmFrZSBicmVhZD8=";
    assertThat(JSON.readTree(check("--json", disguised).out()).get("findings")).hasSize(2);
    assertThat(check(disguised).out()).contains("read in 2 forms; highest: ");
    assertThat(check("--json", "--defences", "none", disguised).out()).doesNotContain("base64");
    assertThat(check("--json", "--defences", "leet,base64", disguised).out()).contains("base64");
    assertThat(check("--defences", "no-such", disguised).err()).contains("expected all, none");
    String padded = "How do I bake bread? " + "Thank you for reading this far. ".repeat(30);
    assertThat(check("--json", "--defences", "beginning", padded).out()).contains("beginning");
    assertThat(check("--json", "--defences", "turns", padded).out()).doesNotContain("beginning");
    String window = check("--window", "64", "bread ".repeat(200)).out();
    assertThat(window).containsPattern("highest: window \\d+ of \\d+");
  }

  @Test
  void standardInput() {
    Result prompt = Cli.pipe("Grüße", "prompt", "--format", "chatml", "-");
    assertThat(prompt.code()).isZero();
    assertThat(prompt.out()).contains("User: Grüße\n\n").endsWith("The last User message is");
  }

  /** Only the shell reads files that words name. */
  @Test
  void messageThatNamesAFileIsAMessage() throws IOException {
    Path file = folder.resolve("words");
    Files.writeString(file, "secret");
    assertThat(Cli.run("prompt", "--format", "chatml", "@" + file).out())
        .contains("User: @" + file + "\n")
        .doesNotContain("secret");
  }

  @Test
  void messagesBeyondTheLimitsOfTheParserAreABadFile() throws IOException {
    Path file = folder.resolve("deep.json");
    Files.writeString(file, "[".repeat(600) + "]".repeat(600));
    Result result = Cli.run("prompt", "--format", "chatml", "--messages", file.toString());
    assertThat(result.code()).isEqualTo(ExitCodes.USAGE);
    assertThat(result.err()).contains("deep.json: JSON that nests too deep").hasLineCount(1);
  }

  @Test
  void conversationFile() throws IOException {
    Path file = folder.resolve("conversation.json");
    Files.writeString(
        file,
        """
        {"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello!"}]}
        """);
    Result prompt =
        Cli.run("prompt", "--format", "llama-guard-3-8b", "--conversation", file.toString());
    assertThat(prompt.out())
        .contains("User: Hi\n\nAgent: Hello!\n\n")
        .contains("ONLY THE LAST Agent");
  }

  @Test
  void promptsOfAServerHaveItsFormat() {
    String server = "--remote http://localhost:1 --remote-model meta-llama/Llama-Guard-3-8B";
    String[] words = ("prompt Hi " + server).split(" ");
    assertThat(Cli.run(words).out())
        .isEqualTo(Cli.run("prompt", "Hi", "--format", "llama-guard-3-8b").out());
    Result tokens = Cli.run(("prompt --tokens Hi " + server).split(" "));
    assertThat(tokens.code()).isEqualTo(2);
    assertThat(tokens.err()).contains("--tokens").contains("--model");
  }

  @Test
  void promptTokensAreTheTextInPieces() {
    Result tokens =
        Cli.run("prompt", "--model", model, "--format", "llama-guard-3-1b", "--tokens", "Hi");
    assertThat(tokens.out().strip()).matches("\\d+(,\\d+)+");
  }

  @ParameterizedTest
  @CsvSource({
    "check, nothing to judge",
    "'check Hi --conversation x.json', give one of them",
    "'check Hi --model no-such.gguf', no-such.gguf",
    "'check Hi --format no-such', no prompt format 'no-such'",
    "'prompt Hi --format chatml --policy no-such', no policy 'no-such'",
    "'prompt Hi --format chatml --exclude S99', no such code",
    "'model synth --shape no-such out.gguf', shape 'no-such'",
    "'check --no-such Hi', Unknown option",
  })
  void mistakesAreTold(String line, String message) {
    Result result = Cli.run(line.split(" "));
    assertThat(result.code()).as(result.err()).isEqualTo(ExitCodes.USAGE);
    assertThat(result.err()).startsWith("pukara: ").contains(message).doesNotContain("\tat ");
    assertThat(result.out()).isEmpty();
  }

  @Test
  void brokenModelFileIsOneLine() throws IOException {
    Path broken = folder.resolve("broken.gguf");
    Files.writeString(broken, "GGUF but not really");
    Result result = Cli.run("check", "Hi", "--model", broken.toString(), "--format", "chatml");
    assertThat(result.code()).isEqualTo(ExitCodes.USAGE);
    assertThat(result.err().lines()).hasSize(1);
    assertThat(result.err()).contains("broken.gguf");
  }

  @Test
  void tokenizeLines() {
    Result result =
        Cli.pipe(
            "{\"text\":\"a b\"}\n\n{\"text\":\"\"}\n", "model", "tokenize", model, "--jsonl", "-");
    assertThat(result.out().lines()).hasSize(2);
    assertThat(JSON.readTree(result.out().lines().toList().getLast()).get("tokens")).isEmpty();
  }

  @Test
  void logits() {
    Result result = Cli.run("model", "logits", model, "--tokens", "1,2,3", "--top", "3", "--json");
    assertThat(JSON.readTree(result.out()).get("top")).hasSize(3);
  }

  @Test
  void infoConvertQuantize() {
    String folderName = folder.resolve("safetensors").toString();
    assertThat(Cli.run("model", "convert", model, folderName).code()).isZero();
    assertThat(Cli.run("model", "info", folderName, "--json").out()).contains("\"blocks\":2");
    String small = folder.resolve("small.gguf").toString();
    assertThat(Cli.run("model", "quantize", model, small, "--type", "Q4_0").code()).isZero();
    assertThat(Cli.run("model", "info", small).out()).contains("Q4_0");
  }

  @Test
  void quantizeByRows() throws IOException {
    String rows = folder.resolve("rows.jsonl").toString();
    Files.writeString(
        Path.of(rows),
        "{\"id\":\"1\",\"prompt\":\"How do I sort a list?\",\"prompt_label\":\"safe\"}\n"
            .repeat(8));
    String small = folder.resolve("guided.gguf").toString();
    List<String> args =
        new ArrayList<>(
            List.of(
                "model", "quantize", model, small, "--rows", rows, "--format", "llama-guard-3-1b"));
    args.addAll(List.of("--type", "Q4_0", "--down", "Q5_0", "--embedding", "Q8_0"));
    args.addAll(List.of("--policy", "openai-moderation"));
    Result result = Cli.run(args.toArray(String[]::new));
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.err()).contains("8/8").contains("Q4_0=12, Q5_0=2, Q8_0=1");
    args.set(args.indexOf("Q4_0"), "Q4_1");
    Result refused = Cli.run(args.toArray(String[]::new));
    assertThat(refused.code()).isEqualTo(ExitCodes.USAGE);
    assertThat(refused.err()).contains("Q4_0, Q5_0 or Q8_0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "check ",
        "prompt ",
        "policy ",
        "policy list ",
        "policy show ",
        "policy init ",
        "policy lint ",
        "policy diff ",
        "policy test ",
        "calibrate ",
        "model ",
        "bench ",
        "train ",
        "cache ",
        "eval ",
        "eval score ",
        "eval compare ",
        "eval paper ",
        "eval readers ",
        "attacks ",
        "adherence "
      })
  void helpFitsEightyColumns(String command) {
    Result result = Cli.run((command + "--help").split(" "));
    assertThat(result.code()).isZero();
    assertThat(result.out()).contains("Usage:");
    assertThat(result.out().lines()).allMatch(line -> line.length() <= 80);
  }

  @Test
  void cacheIsListedAndCleared() throws IOException {
    Path directory = folder.resolve("cache");
    String before = System.setProperty("pukara.cache", directory.toString());
    try {
      assertThat(Cli.run("cache", "path").out()).isEqualTo(directory + "\n");
      assertThat(Cli.run("cache", "list").out()).isEmpty();
      assertThat(check("Hello").code()).isLessThan(2);
      Result list = Cli.run("cache", "list");
      assertThat(list.code()).isZero();
      assertThat(list.out()).contains("policy of");
      assertThat(Cli.run("cache", "clear").err()).contains("MB deleted");
      assertThat(Cli.run("cache", "list").out()).isEmpty();
    } finally {
      System.setProperty("pukara.cache", before);
    }
  }

  @Test
  void moreThanARequestMayHaveIsNotGenerated() {
    Result result = Cli.run("model", "generate", model, "Hello", "--max-tokens", "2000000000");
    assertThat(result.code()).isEqualTo(ExitCodes.USAGE);
    assertThat(result.err()).contains("at most 16384");
  }

  @Test
  void generatesGreedily() {
    Result result = Cli.run("model", "generate", model, "Hello", "--max-tokens", "5");
    assertThat(result.code()).isZero();
    assertThat(result.err()).contains("tokens in ");
    assertThat(Cli.run("model", "generate", model, "Hello", "--max-tokens", "5").out())
        .isEqualTo(result.out());
  }

  @Test
  void comparesPrecisions() throws IOException {
    Path rows = folder.resolve("rows.jsonl");
    Files.writeString(
        rows,
        """
        {"id":"1","prompt":"Hello","prompt_label":"safe"}
        {"id":"2","prompt":"Bread?","response":"Yes.","prompt_label":"unsafe"}
        {"id":"3","prompt":"Bread?","response":"No.","response_label":"safe"}
        """);
    Result result =
        Cli.run(
            "model",
            "compare",
            model,
            "--data",
            rows.toString(),
            "--format",
            "llama-guard-3-1b",
            "--precisions",
            "F32",
            "--json");
    JsonNode f32 = JSON.readTree(result.out());
    assertThat(f32.get("rows").asInt()).isEqualTo(3);
    assertThat(f32.get("maxDifference").asDouble()).isZero();
    assertThat(f32.get("labelled").asInt()).isEqualTo(3);
    assertThat(result.err()).contains("f32: 3 rows in");
  }

  @Test
  void outliersOfEachKindOfLayer() {
    Result result = Cli.run("model", "outliers", model, "--text", "Bread and butter", "--json");
    if (result.code() != 0) {
      assertThat(result.err()).contains("int8 products need the onednn kernels");
      return;
    }
    assertThat(result.out().lines())
        .extracting(line -> JSON.readTree(line).get("kind").asString())
        .containsExactly("QKV", "ATTENTION_OUTPUT", "GATE_UP", "DOWN");
    assertThat(Cli.run("model", "outliers", model).out().lines())
        .hasSize(6)
        .allMatch(line -> line.length() <= 80);
  }
}
