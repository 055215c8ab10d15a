package dev.pukara.eval.data;

import static dev.pukara.eval.data.DataReader.fields;
import static dev.pukara.eval.data.ModerationReaders.id;
import static dev.pukara.eval.data.ModerationReaders.judged;

import dev.pukara.rows.Codes;
import dev.pukara.rows.Label;
import dev.pukara.rows.Row;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Sets of requests that are unsafe, or look so, and answers to them. */
final class BehaviourReaders {
  /** Harm areas of SimpleSafetyTests to Llama Guard 1 (where one fits) and 3. */
  private static final Map<String, Codes> HARM_AREAS =
      Map.of(
          "suicide", codes("O6", "S11"),
          "physical", codes("O1", "S1"),
          "illegal", Codes.UNKNOWN.with("llama-guard-3", List.of("S2")),
          "scams", codes("O3", "S2"),
          "child", codes("O2", "S4"));

  private BehaviourReaders() {}

  static List<DataReader> all() {
    return List.of(
        harmBench(),
        xsTestResponse(),
        xsTest(),
        simpleSafetyTests(),
        jailbreakBench(),
        hateCheck(),
        strongReject(),
        agentHazard());
  }

  private static Codes codes(String one, String three) {
    return Codes.UNKNOWN.with("llama-guard-1", List.of(one)).with("llama-guard-3", List.of(three));
  }

  /** Three people judged each answer; the majority counts. */
  private static DataReader harmBench() {
    return new DataReader(
        "harmbench-response",
        "HarmBench response validation",
        "https://github.com/centerforaisafety/HarmBench (data/classifier_val_sets/text_behaviors_val_set.json), arXiv 2402.04249",
        List.of("test_case", "generation", "behavior_id", "human_0", "human_1", "human_2"),
        fields("generation", "human_0"),
        Optional.empty(),
        (record, file) -> {
          int votes = 0;
          int unsafe = 0;
          for (int person = 0; person < 3; person++) {
            Optional<Boolean> vote = record.flag("human_" + person);
            votes += vote.isPresent() ? 1 : 0;
            unsafe += vote.orElse(false) ? 1 : 0;
          }
          Row row =
              Row.response(
                  id("harmbench-response", record),
                  "harmbench-response",
                  record.required("test_case"),
                  record.text("generation").orElse(""),
                  Fields.label(2 * unsafe > votes));
          return List.of(row.withMeta(fact("behavior", record.text("behavior_id"))));
        });
  }

  private static DataReader xsTest() {
    return new DataReader(
        "xstest",
        "XSTest",
        "https://github.com/paul-rottger/xstest (xstest_prompts.csv, xstest_v2_prompts.csv), arXiv 2308.01263",
        List.of("prompt", "type", "label (else type: contrast_... is unsafe)"),
        names ->
            names.contains("prompt")
                && names.contains("type")
                && (names.contains("focus") || names.contains("note") || names.contains("id_v2")),
        Optional.empty(),
        (record, file) -> {
          boolean contrast = record.required("type").startsWith("contrast");
          Row row =
              Row.prompt(
                  record.text("id").or(() -> record.text("id_v2")).orElse(id("xstest", record)),
                  "xstest",
                  record.required("prompt"),
                  record.label("label").orElse(Fields.label(contrast)));
          return List.of(row.withMeta(fact("type", record.text("type"))));
        });
  }

  private static DataReader xsTestResponse() {
    return new DataReader(
        "xstest-response",
        "XSTest-Response",
        "https://huggingface.co/datasets/allenai/xstest-response (response_harmfulness, converted to JSON Lines)",
        List.of("prompt", "response", "label", "prompt_type"),
        fields("prompt", "response", "label", "prompt_type"),
        Optional.empty(),
        (record, file) -> {
          Optional<Label> prompt =
              record
                  .text("prompt_type")
                  .map(type -> Fields.label(type.toLowerCase(Locale.ROOT).contains("harmful")));
          return judged(
              id("xstest-response", record),
              "xstest-response",
              record.required("prompt"),
              record.text("response"),
              prompt,
              record.label("label"),
              Map.of());
        });
  }

  private static DataReader simpleSafetyTests() {
    return new DataReader(
        "simple-safety-tests",
        "SimpleSafetyTests",
        "https://huggingface.co/datasets/Bertievidgen/SimpleSafetyTests (sst_test_cases.csv), arXiv 2311.08370; all unsafe",
        List.of("id", "harm_area", "prompt"),
        fields("harm_area", "prompt"),
        Optional.empty(),
        (record, file) -> {
          String area = record.required("harm_area").toLowerCase(Locale.ROOT).split("[ ,]", 2)[0];
          Row row =
              Row.prompt(
                  record.text("id").orElse(id("simple-safety-tests", record)),
                  "simple-safety-tests",
                  record.required("prompt"),
                  Label.UNSAFE);
          return List.of(row.withCodes(HARM_AREAS.getOrDefault(area, Codes.UNKNOWN)));
        });
  }

  /** Both files have the same columns: only the name tells which is benign. */
  private static DataReader jailbreakBench() {
    return new DataReader(
        "jailbreakbench",
        "JailbreakBench behaviours",
        "https://huggingface.co/datasets/JailbreakBench/JBB-Behaviors (data/harmful-behaviors.csv, data/benign-behaviors.csv)",
        List.of("Index", "Goal", "Category", "the file's name: benign or not"),
        fields("Goal", "Behavior"),
        Optional.empty(),
        (record, file) -> {
          boolean benign =
              file.getFileName().toString().toLowerCase(Locale.ROOT).contains("benign");
          Row row =
              Row.prompt(
                  (benign ? "benign:" : "harmful:")
                      + record.text("Index").orElse("" + record.index()),
                  "jailbreakbench",
                  record.required("Goal"),
                  Fields.label(!benign));
          return List.of(row.withMeta(fact("category", record.text("Category"))));
        });
  }

  private static DataReader hateCheck() {
    return new DataReader(
        "hatecheck",
        "HateCheck",
        "https://github.com/paul-rottger/hatecheck-data (test_suite_cases.csv), arXiv 2012.15606",
        List.of("case_id", "test_case", "label_gold", "functionality"),
        fields("test_case", "label_gold"),
        Optional.empty(),
        (record, file) -> {
          Label label =
              record
                  .label("label_gold")
                  .orElseThrow(() -> record.bad("label_gold", "missing", "hateful or non-hateful"));
          Row row =
              Row.prompt(
                      record.text("case_id").orElse(id("hatecheck", record)),
                      "hatecheck",
                      record.required("test_case"),
                      label)
                  .withMeta(fact("functionality", record.text("functionality")));
          return List.of(label == Label.UNSAFE ? row.withCodes(codes("O1", "S10")) : row);
        });
  }

  private static DataReader strongReject() {
    return new DataReader(
        "strongreject",
        "StrongREJECT",
        "https://github.com/alexandrasouly/strongreject (strongreject_dataset/strongreject_dataset.csv), arXiv 2402.10260; all unsafe",
        List.of("forbidden_prompt", "category"),
        fields("forbidden_prompt"),
        Optional.empty(),
        (record, file) ->
            List.of(
                Row.prompt(
                        id("strongreject", record),
                        "strongreject",
                        record.required("forbidden_prompt"),
                        Label.UNSAFE)
                    .withMeta(fact("category", record.text("category")))));
  }

  /** An agent's task and its steps, read as one user message; the harm shows only in their sum. */
  private static DataReader agentHazard() {
    return new DataReader(
        "agent-hazard",
        "AgentHazard",
        "https://github.com/Yunhao-Feng/AgentHazard (data/dataset.json), arXiv 2604.02947; all unsafe",
        List.of("id", "task_description", "decomposition", "risk_category"),
        fields("task_description", "decomposition"),
        Optional.empty(),
        (record, file) -> {
          StringBuilder text = new StringBuilder(record.required("task_description"));
          for (String step : record.list("decomposition")) {
            text.append('\n').append(step);
          }
          return List.of(
              Row.prompt(
                      record.text("id").orElse(id("agent-hazard", record)),
                      "agent-hazard",
                      text.toString(),
                      Label.UNSAFE)
                  .withMeta(fact("risk", record.text("risk_category"))));
        });
  }

  private static Map<String, String> fact(String name, Optional<String> value) {
    return value.map(text -> Map.of(name, text)).orElse(Map.of());
  }
}
