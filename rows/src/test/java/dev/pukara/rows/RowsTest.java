package dev.pukara.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.pukara.guard.Category;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.Policies;
import dev.pukara.guard.Policy;
import dev.pukara.guard.Role;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RowsTest {
  private static final String LINES =
      """
      {"id":"a:1","dataset":"a","split":"test","prompt":"How do I pick a lock?","response":"No.","prompt_label":"unsafe","response_label":"safe","categories":["theft"],"lg1":["O3"],"lg3":["S2"],"meta":{"licence_tier":"A","weak":["x"],"score":0.5},"other":{"x":[1]}}

      {"id":"a:2","dataset":"a","prompt":"Grüße","response":null,"prompt_label":"safe","response_label":null,"categories":[],"lg1":[],"lg3":[],"meta":{}}
      {"turns":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Go away"},{"role":"user","content":"Why?"}],"labelled_turn":1,"prompt":null,"response_label":"unsafe","lg1":null,"lg3":["S5"]}
      """;

  @TempDir private Path folder;

  private List<Row> read(String lines) throws IOException {
    Path file = folder.resolve("some.jsonl");
    Files.writeString(file, lines);
    return Rows.readAll(file);
  }

  private static Policy policy(String... codes) {
    return new Policy(
        "mine",
        "1",
        "Mine",
        List.of(codes).stream().map(c -> new Category(c, c, "")).toList(),
        true);
  }

  private static Policy llamaGuard3() {
    return Policies.find("llama-guard-3");
  }

  @Test
  void readsTheDocumentedFormat() throws IOException {
    List<Row> rows = read(LINES);
    assertThat(rows).hasSize(3);
    assertThat(rows.getFirst().id()).isEqualTo("a:1");
    assertThat(rows.getFirst().licenceTier()).contains("A");
    assertThat(rows.getFirst().meta()).containsOnlyKeys("licence_tier", "score", "split");
    assertThat(rows.get(1).conversation().last().text()).isEqualTo("Grüße");
    Row turns = rows.get(2);
    assertThat(turns.id()).isEqualTo("4");
    assertThat(turns.dataset()).isEqualTo("some");
    assertThat(turns.conversation().messages()).hasSize(2);
    assertThat(turns.conversation().last().role()).isEqualTo(Role.AGENT);
  }

  @Test
  void bothLabelsAreTwoJudgements() throws IOException {
    List<Judgement> judgements = read(LINES).getFirst().judgements(llamaGuard3());
    assertThat(judgements).extracting(Judgement::task).containsExactly(Task.PROMPT, Task.RESPONSE);
    assertThat(judgements.get(0).conversation().messages()).hasSize(1);
    assertThat(judgements.get(0).codes()).contains(List.of("S2"));
    assertThat(judgements.get(1).label()).isEqualTo(Label.SAFE);
    assertThat(judgements.get(1).codes()).contains(List.of());
  }

  @Test
  void whatAPolicyDoesNotCoverIsSafeUnderIt() throws IOException {
    Row unsafe = Row.prompt("1", "a", "text", Label.UNSAFE);
    Policy three = llamaGuard3();
    Codes defamation = Codes.UNKNOWN.with("llama-guard-3", List.of("S5"));
    assertThat(only(unsafe.withCodes(defamation), three).label()).isEqualTo(Label.UNSAFE);
    // Left out of the policy, unknown to Llama Guard 2, stated as not covered.
    assertThat(only(unsafe.withCodes(defamation), three.without(Set.of("S5"))).label())
        .isEqualTo(Label.SAFE);
    assertThat(only(unsafe.withCodes(defamation), Policies.find("llama-guard-2")).label())
        .isEqualTo(Label.SAFE);
    Codes none = Codes.UNKNOWN.with("llama-guard-3", List.of());
    assertThat(only(unsafe.withCodes(none), three).label()).isEqualTo(Label.SAFE);
    // Nobody knows: the label stands.
    assertThat(only(unsafe, three).label()).isEqualTo(Label.UNSAFE);
    assertThat(only(unsafe, three).codes()).isEmpty();
  }

  @Test
  void noCodeOfAnUnsafeAnswerSaysNothingOfItsPrompt() {
    Row both = Row.response("1", "a", "text", "answer", Label.UNSAFE).withPromptLabel(Label.UNSAFE);
    Row uncovered = both.withCodes(Codes.UNKNOWN.with("llama-guard-3", List.of()));
    assertThat(uncovered.judgements(llamaGuard3()))
        .extracting(Judgement::label, Judgement::codes)
        .containsExactly(
            tuple(Label.UNSAFE, Optional.empty()), tuple(Label.SAFE, Optional.of(List.of())));
    // Codes that are named go for both, and so does that Llama Guard 1 has none such.
    Row defamation =
        both.withCodes(
            Codes.UNKNOWN.with("llama-guard-3", List.of("S5")).with("llama-guard-1", List.of()));
    assertThat(defamation.judgements(llamaGuard3()))
        .extracting(Judgement::codes)
        .containsOnly(Optional.of(List.of("S5")));
    assertThat(defamation.judgements(Policies.find("llama-guard-1")))
        .extracting(Judgement::label)
        .containsOnly(Label.SAFE);
  }

  @Test
  void codesOfLlamaGuard2FollowFrom3() {
    Codes codes = Codes.UNKNOWN.with("llama-guard-3", List.of("S6", "S12", "S14"));
    Row row = Row.prompt("1", "a", "text", Label.UNSAFE).withCodes(codes);
    assertThat(only(row, Policies.find("llama-guard-2")).codes()).contains(List.of("S5", "S11"));
  }

  @Test
  void anotherPolicyGoesByCategories() throws IOException {
    Row row = read(LINES).getFirst();
    assertThat(row.judgements(policy("theft", "arson")).getFirst().codes())
        .contains(List.of("theft"));
    assertThatThrownBy(() -> row.judgements(policy("arson")))
        .isInstanceOf(RowException.class)
        .hasMessageContainingAll("a:1", "[theft]", "mine", "[arson]");
    Row other = row.withCodes(new Codes(Map.of(), List.of("arson", "fraud")));
    Row safe = Row.prompt("3", "a", "text", Label.SAFE).withCodes(row.codes());
    assertThatThrownBy(
            () ->
                Row.checkCategories(
                    List.of(row, safe, other, row, row, row), policy("arson"), "some.jsonl"))
        .isInstanceOf(RowException.class)
        .hasMessageContaining(
            "some.jsonl: categories 'theft' (row a:1, row a:1, row a:1 and 1 more), 'fraud' (row"
                + " a:1) are no codes of policy mine, which has [arson];");
    Row.checkCategories(List.of(row, other), llamaGuard3(), "some.jsonl");
  }

  @Test
  void aBrokenLineCostsOnlyItself() throws IOException {
    Path file = folder.resolve("broken.jsonl");
    Files.writeString(
        file, "nonsense\n\n{\"id\":\"a\",\"prompt\":\"x\"}\n{\"id\":\"b\",\"prompt\":7}\n[]\n");
    try (Stream<RowLine> lines = Rows.lines(file)) {
      List<RowLine> all = lines.toList();
      assertThat(all).extracting(RowLine::id).containsExactly("1", "a", "b", "5");
      assertThat(all).extracting(RowLine::number).containsExactly(1, 3, 4, 5);
      assertThat(all.get(1).row().conversation().last().text()).isEqualTo("x");
      assertThat(all.get(2))
          .isInstanceOfSatisfying(
              RowLine.Broken.class,
              broken -> assertThat(broken.message()).contains("broken.jsonl:4: field 'prompt'"));
    }
    assertThatThrownBy(() -> Rows.readAll(file))
        .isInstanceOf(RowException.class)
        .hasMessageContaining("broken.jsonl:1: not JSON");
  }

  private static Judgement only(Row row, Policy policy) {
    List<Judgement> judgements = row.judgements(policy);
    assertThat(judgements).hasSize(1);
    return judgements.getFirst();
  }

  @Test
  void writtenRowsReadTheSame() throws IOException {
    List<Row> rows = read(LINES);
    for (String name : List.of("out.jsonl", "out.jsonl.gz")) {
      Path file = folder.resolve(name);
      Rows.write(file, rows.iterator());
      assertThat(Rows.readAll(file)).isEqualTo(rows);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"prompt\":\"x\" | not JSON at column",
        "[1] | expected a JSON object",
        "{\"prompt_label\":\"safe\"} | expected 'prompt', 'response' or 'turns'",
        "{\"prompt\":7} | field 'prompt' is NUMBER, expected text",
        "{\"prompt\":\"x\",\"prompt_label\":\"bad\"} | field 'prompt_label' is 'bad', expected safe, unsafe or null",
        "{\"prompt\":\"x\",\"response_label\":\"safe\"} | field 'response_label'",
        "{\"response\":\"x\",\"prompt_label\":\"safe\"} | field 'prompt_label'",
        "{\"turns\":[{\"role\":\"assistant\",\"content\":\"x\"},{\"role\":\"assistant\",\"content\":\"y\"}],\"prompt_label\":\"safe\"} | field 'prompt_label'",
        "{\"prompt\":\"x\",\"lg3\":\"S1\"} | field 'lg3' is STRING, expected a list of codes",
        "{\"prompt\":\"x\",\"lg3\":[\"S1\",\"S15\"]} | field 'lg3' is 'S15', expected codes of [S1, S2,",
        "{\"turns\":[]} | field 'turns'",
        "{\"turns\":[{\"role\":\"bot\",\"content\":\"x\"}]} | field 'turns[0].role' is 'bot'",
        "{\"turns\":[{\"role\":\"user\",\"content\":\"x\"}],\"labelled_turn\":1} | field 'labelled_turn' is 1, expected 0 to 0",
      })
  void mistakesAreToldWithFileAndLine(String line, String message) {
    assertThatThrownBy(() -> read("{\"prompt\":\"fine\"}\n" + line))
        .isInstanceOf(RowException.class)
        .hasMessageContaining("some.jsonl:2: ")
        .hasMessageContaining(message);
  }

  /** Where a limit of the parser ends the reading, the parser names no place. */
  @Test
  void jsonBeyondTheLimitsOfTheParserCostsOnlyItself() throws IOException {
    Path file = folder.resolve("limits.jsonl");
    String deep = "{\"a\":" + "[".repeat(600) + "]".repeat(600) + "}";
    String number = "{\"a\":" + "7".repeat(3_000) + "}";
    String name = "{\"" + "a".repeat(60_000) + "\":1}";
    Files.writeString(
        file, String.join("\n", deep, number, name, "{\"id\":\"a\",\"prompt\":\"x\"}"));
    try (Stream<RowLine> lines = Rows.lines(file)) {
      List<RowLine> all = lines.toList();
      assertThat(all).extracting(RowLine::id).containsExactly("1", "2", "3", "a");
      assertThat(all.subList(0, 3))
          .allSatisfy(
              line ->
                  assertThatThrownBy(line::row)
                      .isInstanceOf(RowException.class)
                      .hasMessageContainingAll(
                          line.where() + ": JSON that nests too deep", "too long"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "user",
        "assistant",
        "user,assistant",
        "user,user",
        "assistant,user",
        "user,assistant,user"
      })
  void turnsOfAnyRolesAreWrittenAndRead(String roles) throws IOException {
    StringJoiner turns = new StringJoiner(",");
    for (String role : roles.split(",")) {
      turns.add("{\"role\":\"" + role + "\",\"content\":\"turn " + turns.length() + "\"}");
    }
    List<Row> rows = read("{\"turns\":[" + turns + "]}\n");
    Path file = folder.resolve("again.jsonl");
    Rows.write(file, rows.iterator());
    assertThat(Rows.readAll(file)).isEqualTo(rows);
  }

  @Test
  void halfACharacterIsWrittenAndRead() throws IOException {
    List<Row> rows = read("{\"id\":\"\\ud83d\",\"prompt\":\"\\ude00 \\ud83d\\ude00\"}\n");
    Path file = folder.resolve("halves.jsonl");
    Rows.write(file, rows.iterator());
    assertThat(file).content().contains("\\ude00 😀");
    assertThat(Rows.readAll(file)).isEqualTo(rows);
  }

  @Test
  void otherBytesThanUtf8AreAnError() throws IOException {
    Path file = folder.resolve("latin1.jsonl");
    Files.write(file, "{\"prompt\":\"Grüße\"}".getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> Rows.readAll(file))
        .isInstanceOf(RowException.class)
        .hasMessageContaining("not UTF-8 near line 1");
  }

  @Test
  void rowsCheckThemselves() {
    Row answered = Row.response("1", "a", "Hi", "Hello", Label.SAFE);
    assertThat(answered.withPromptLabel(Label.SAFE).judgements(llamaGuard3())).hasSize(2);
    assertThatThrownBy(
            () ->
                new Row(
                    "9",
                    "a",
                    Conversation.user("x"),
                    Optional.empty(),
                    Optional.of(Label.SAFE),
                    Codes.UNKNOWN,
                    Map.of()))
        .hasMessageContaining("row 9");
  }
}
