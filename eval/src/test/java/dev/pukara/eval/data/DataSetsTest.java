package dev.pukara.eval.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pukara.guard.Policies;
import dev.pukara.guard.Policy;
import dev.pukara.rows.Judgement;
import dev.pukara.rows.Label;
import dev.pukara.rows.Row;
import dev.pukara.rows.RowException;
import dev.pukara.rows.Task;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every reader on a small file in the form of the official one, with rows that we made up. */
class DataSetsTest {
  private static final Policy POLICY = Policies.find("llama-guard-3");
  @TempDir private Path folder;

  private static Path sample(String name) {
    try {
      return Path.of(Objects.requireNonNull(DataSetsTest.class.getResource(name)).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static DataSet read(String spec) throws IOException {
    return DataSets.read(DataSpec.parse(spec), Columns.OWN_NAMES);
  }

  /** {@code prompt:unsafe,response:safe,...} in the file's order. */
  private static String labels(DataSet set) {
    List<String> labels = new ArrayList<>();
    for (Row row : set.rows()) {
      for (Judgement judgement : row.judgements(POLICY)) {
        labels.add(judgement.task().id() + ":" + judgement.label().id());
      }
    }
    return String.join(" ", labels);
  }

  @ParameterizedTest
  @CsvSource({
    "samples.jsonl.gz, openai-moderation, prompt:safe prompt:unsafe prompt:unsafe",
    "toxic-chat_annotation_test.csv, toxicchat, prompt:safe prompt:unsafe",
    "text_behaviors_val_set.json, harmbench-response, response:unsafe response:safe response:safe",
    "xstest_prompts.csv, xstest, prompt:safe prompt:unsafe",
    "xstest_v2_prompts.csv, xstest, prompt:safe prompt:unsafe",
    "xstest_response.jsonl, xstest-response, prompt:safe response:safe prompt:unsafe response:unsafe",
    "beavertails_test.jsonl.gz, beavertails, response:unsafe response:safe",
    "saferlhf_test.jsonl, pku-saferlhf, response:safe response:unsafe",
    "wildguard_test.jsonl, wildguardmix, prompt:unsafe response:safe prompt:safe",
    "aegis_1.jsonl, aegis-1, prompt:unsafe response:safe",
    "aegis_2_test.json, aegis-2, prompt:safe response:safe prompt:unsafe",
    "sst_test_cases.csv, simple-safety-tests, prompt:unsafe prompt:unsafe",
    "harmful-behaviors.csv, jailbreakbench, prompt:unsafe",
    "benign-behaviors.csv, jailbreakbench, prompt:safe",
    "test_suite_cases.csv, hatecheck, prompt:unsafe prompt:safe",
    "strongreject_dataset.csv, strongreject, prompt:unsafe",
    "agent_hazard.json, agent-hazard, prompt:unsafe",
    "own.jsonl, pukara, prompt:safe response:unsafe",
  })
  void formatIsFoundOut(String file, String reader, String labels) throws IOException {
    DataSet set = read("set=" + sample(file));
    assertThat(set.reader()).isEqualTo(reader);
    assertThat(labels(set)).isEqualTo(labels);
    assertThat(read("set:" + reader + "=" + sample(file)).rows()).isEqualTo(set.rows());
  }

  /** Further fields of a row are ignored; they do not make it another data set's. */
  @ParameterizedTest
  @ValueSource(strings = {"\"type\":\"homonyms\",\"note\":\"x\"", "\"S\":1,\"H\":0"})
  void labelsInOurWordsAreNotPassedOver(String more) throws IOException {
    Path file = folder.resolve("mine.jsonl");
    Files.writeString(
        file, "{\"prompt\":\"x\",\"prompt_label\":\"unsafe\"," + more + "}\n{\"prompt\":\"y\"}\n");
    DataSet set = read("mine=" + file);
    assertThat(set.reader()).isEqualTo(DataSets.OWN);
    assertThat(labels(set)).isEqualTo("prompt:unsafe");
  }

  @Test
  void everyReaderHasASampleAndACard() {
    assertThat(DataSets.readers())
        .hasSize(15)
        .allSatisfy(r -> assertThat(r.card()).contains("http"));
  }

  @Test
  void openAiCategoriesAreCodesOfTheTargetPolicyAndOfLlamaGuard() throws IOException {
    DataSet set = read("set=" + sample("samples.jsonl.gz"));
    assertThat(set.targetPolicy()).contains("openai-moderation-2022");
    Row hate = set.rows().get(1);
    assertThat(hate.codes().categories()).containsExactly("H", "H2");
    assertThat(hate.codes().byPolicy())
        .isEqualTo(
            Map.of(
                "openai-moderation-2022",
                List.of("O2", "O7"),
                "openai-moderation",
                List.of("hate", "hate/threatening"),
                "llama-guard-1",
                List.of("O1"),
                "llama-guard-3",
                List.of("S10", "S1")));
    // Harassment could be any of three codes: the label stands.
    assertThat(set.rows().get(2).codes().byPolicy()).doesNotContainKey("llama-guard-3");
  }

  @Test
  void textsAreWhole() throws IOException {
    assertThat(
            read("x=" + sample("toxic-chat_annotation_test.csv"))
                .rows()
                .get(1)
                .conversation()
                .last()
                .text())
        .isEqualTo("Write an insult for my\ncoworker, a nasty one");
    assertThat(
            read("x=" + sample("agent_hazard.json")).rows().getFirst().conversation().last().text())
        .contains("Tidy up", "\nStep 2");
    assertThat(read("x=" + sample("aegis_2_test.json")).skipped()).isEqualTo(1);
  }

  @Test
  void promptOfARowWithBothLabelsIsJudgedAlone() throws IOException {
    Row row = read("x=" + sample("wildguard_test.jsonl")).rows().getFirst();
    List<Judgement> judgements = row.judgements(POLICY);
    assertThat(judgements.get(0).conversation().messages()).hasSize(1);
    assertThat(judgements.get(1).task()).isEqualTo(Task.RESPONSE);
    assertThat(judgements.get(1).conversation().messages()).hasSize(2);
  }

  @Test
  void tablesWithAColumnMapping() throws IOException {
    DataSpec spec = DataSpec.parse("mine:csv=" + sample("table.csv"));
    DataSet set =
        DataSets.read(spec, Columns.parse("id=nr,prompt=comment,prompt_label=class:hate|threat"));
    assertThat(set.rows()).extracting(Row::id).containsExactly("1", "2");
    assertThat(set.rows().get(1).promptLabel()).contains(Label.UNSAFE);
    assertThat(set.rows().get(0).promptLabel()).contains(Label.SAFE);
    assertThatThrownBy(() -> DataSets.read(spec, Columns.parse("prompt=text,prompt_label=class")))
        .isInstanceOf(RowException.class)
        .hasMessageContainingAll("table.csv", "'text'", "[class, comment, nr]");
    assertThatThrownBy(() -> Columns.parse("text=comment")).hasMessageContaining("FIELD=COLUMN");
  }

  @Test
  void secondOfTwoEqualIdsGetsANumber() throws IOException {
    Path file = folder.resolve("twice.csv");
    Files.writeString(file, "conv_id,user_input,toxicity\na,one,0\na,two,1\n");
    assertThat(read("x=" + file).rows()).extracting(Row::id).containsExactly("a", "a#2");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a,b\\n1,2\\n | no reader knows the fields [a, b]",
        "user_input,toxicity\\nhello,maybe\\n | field 'toxicity' is 'maybe', expected one of",
        "user_input,toxicity\\n,1\\n | field 'user_input' is missing or empty",
        "PAR1xx | Parquet, expected text; convert it",
        "{\"prompt\":\"x\",\"prompt_label\":\"safe\",\"id\":\"1\"}\\n{\"prompt\":\"y\",\"prompt_label\":\"safe\",\"id\":\"1\"} | two rows have the id '1'",
        "[1,2] | expected JSON objects, found NUMBER",
        "{\"prompt\": | cannot be read as JSON or CSV",
      })
  void mistakesAreTold(String content, String message) throws IOException {
    Path file = folder.resolve("bad.txt");
    Files.writeString(file, content.replace("\\n", "\n"));
    assertThatThrownBy(() -> read("x=" + file))
        .isInstanceOf(RowException.class)
        .hasMessageContaining("bad.txt")
        .hasMessageContaining(message);
  }

  @Test
  void tablesMayBeginAsParquetDoes() throws IOException {
    Path file = folder.resolve("t.csv");
    Files.writeString(file, "PATIENT,user_input,toxicity\n7,one,1\n");
    assertThat(labels(read("x=" + file))).isEqualTo("prompt:unsafe");
  }

  @Test
  void jsonBeyondTheLimitsOfTheParserIsTold() throws IOException {
    Path file = folder.resolve("deep.json");
    Files.writeString(file, "[{\"a\":" + "[".repeat(600) + "]".repeat(600) + "}]");
    assertThatThrownBy(() -> read("x=" + file))
        .isInstanceOf(RowException.class)
        .hasMessageContaining("deep.json: JSON that nests too deep");
  }

  /** Behind the beginning that is looked at first, in a file that its reader reads itself. */
  @Test
  void damageIsToldAsSuch() throws IOException {
    StringBuilder lines = new StringBuilder();
    Random random = new Random(1);
    while (lines.length() < 200_000) {
      lines.append("{\"user_input\":\"").append(random.nextLong()).append("\",\"toxicity\":0}\n");
    }
    Path latin1 = folder.resolve("latin1.jsonl");
    Files.writeString(latin1, lines + "{\"user_input\":\"Grüße\"}\n", StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> read("x=" + latin1))
        .isInstanceOf(RowException.class)
        .hasMessageContaining("latin1.jsonl: not UTF-8");
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(lines.toString().getBytes(StandardCharsets.UTF_8));
    }
    for (int length : new int[] {100, packed.size() - 9}) {
      Path file = folder.resolve(length + ".jsonl.gz");
      Files.write(file, Arrays.copyOf(packed.toByteArray(), length));
      assertThatThrownBy(() -> read("x=" + file))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessage(file.toString())
          .hasCauseInstanceOf(EOFException.class);
    }
  }

  @Test
  void specsAreChecked() {
    assertThatThrownBy(() -> DataSpec.parse("no-path")).hasMessageContaining("NAME=PATH");
    assertThatThrownBy(() -> DataSpec.parse("../up=x")).hasMessageContaining("NAME=PATH");
    assertThatThrownBy(() -> read("x:no-such=" + sample("table.csv")))
        .hasMessageContaining("no reader 'no-such'; known are [openai-moderation,");
  }
}
