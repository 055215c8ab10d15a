package dev.pukara.eval.data;

import static dev.pukara.eval.data.DataReader.fields;

import dev.pukara.guard.Conversation;
import dev.pukara.rows.Codes;
import dev.pukara.rows.Label;
import dev.pukara.rows.Row;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Sets of judged messages and judged answers. */
final class ModerationReaders {
  /** Column of the OpenAI moderation set to the codes of Llama Guard 1. */
  private static final Map<String, String> OPENAI = new LinkedHashMap<>();

  /** The same to Llama Guard 3; HR (harassment) could be any of three. */
  private static final Map<String, List<String>> OPENAI_3 =
      Map.of(
          "S", List.of("S12"),
          "H", List.of("S10"),
          "V", List.of("S1"),
          "SH", List.of("S11"),
          "S3", List.of("S4"),
          "H2", List.of("S10", "S1"),
          "V2", List.of("S1"));

  static {
    OPENAI.put("S", "O2");
    OPENAI.put("H", "O1");
    OPENAI.put("V", "O1");
    OPENAI.put("HR", "O1");
    OPENAI.put("SH", "O6");
    OPENAI.put("S3", "O2");
    OPENAI.put("H2", "O1");
    OPENAI.put("V2", "O1");
  }

  /** The set's own policy in our words. */
  private static final String OPENAI_POLICY = "openai-moderation-2022";

  /** Column to the code of OpenAI's API, which is a built-in policy. */
  private static final Map<String, String> OPENAI_API =
      Map.of(
          "S", "sexual",
          "H", "hate",
          "V", "violence",
          "HR", "harassment",
          "SH", "self-harm",
          "S3", "sexual/minors",
          "H2", "hate/threatening",
          "V2", "violence/graphic");

  private ModerationReaders() {}

  static List<DataReader> all() {
    return List.of(
        openAiModeration(),
        toxicChat(),
        beaverTails(),
        safeRlhf(),
        wildGuard(),
        aegis1(),
        aegis2());
  }

  private static DataReader openAiModeration() {
    return new DataReader(
        "openai-moderation",
        "OpenAI Moderation evaluation set",
        "https://github.com/openai/moderation-api-release (data/samples-1680.jsonl.gz), arXiv 2208.03274",
        List.of("prompt", "S", "H", "V", "HR", "SH", "S3", "H2", "V2"),
        // A field that is not there was not judged, so no row need have all of them.
        names ->
            names.contains("prompt") && names.stream().filter(OPENAI::containsKey).count() >= 2,
        Optional.of(OPENAI_POLICY),
        (record, file) -> {
          List<String> violated =
              OPENAI.keySet().stream().filter(code -> record.flag(code).orElse(false)).toList();
          Row row =
              Row.prompt(
                  id("openai-moderation", record),
                  "openai-moderation",
                  record.required("prompt"),
                  Fields.label(!violated.isEmpty()));
          return List.of(row.withCodes(openAiCodes(violated)));
        });
  }

  private static Codes openAiCodes(List<String> violated) {
    Set<String> one = new LinkedHashSet<>();
    Set<String> three = new LinkedHashSet<>();
    for (String code : violated) {
      one.add(OPENAI.getOrDefault(code, ""));
      three.addAll(OPENAI_3.getOrDefault(code, List.of()));
    }
    // The order of the columns is that of the policy's categories: O1 to O8.
    List<String> columns = List.copyOf(OPENAI.keySet());
    Codes codes =
        new Codes(Map.of(), violated)
            .with(
                OPENAI_POLICY,
                violated.stream().map(code -> "O" + (columns.indexOf(code) + 1)).toList())
            .with(
                "openai-moderation",
                violated.stream().map(code -> OPENAI_API.getOrDefault(code, code)).toList());
    if (!one.isEmpty()) {
      codes = codes.with("llama-guard-1", List.copyOf(one));
    }
    return three.isEmpty() ? codes : codes.with("llama-guard-3", List.copyOf(three));
  }

  private static DataReader toxicChat() {
    return new DataReader(
        "toxicchat",
        "ToxicChat",
        "https://huggingface.co/datasets/lmsys/toxic-chat (data/0124 and data/1123: the same columns)",
        List.of("conv_id", "user_input", "toxicity"),
        fields("user_input", "toxicity"),
        Optional.of("toxicchat"),
        (record, file) -> {
          Label label =
              record
                  .label("toxicity")
                  .orElseThrow(() -> record.bad("toxicity", "missing", "0 or 1"));
          Row row =
              Row.prompt(
                  record.text("conv_id").orElse(id("toxicchat", record)),
                  "toxicchat",
                  record.required("user_input"),
                  label);
          List<String> toxic = label == Label.UNSAFE ? List.of("O1") : List.of();
          return List.of(row.withCodes(Codes.UNKNOWN.with("toxicchat", toxic)));
        });
  }

  private static DataReader beaverTails() {
    return new DataReader(
        "beavertails",
        "BeaverTails",
        "https://huggingface.co/datasets/PKU-Alignment/BeaverTails (round0/30k/test.jsonl.gz, round0/330k/test.jsonl.xz)",
        List.of("prompt", "response", "is_safe"),
        fields("prompt", "response", "is_safe", "category"),
        Optional.empty(),
        (record, file) -> {
          boolean safe = record.requiredFlag("is_safe");
          return List.of(
              Row.response(
                  id("beavertails", record),
                  "beavertails",
                  record.required("prompt"),
                  record.text("response").orElse(""),
                  Fields.label(!safe)));
        });
  }

  private static DataReader safeRlhf() {
    return new DataReader(
        "pku-saferlhf",
        "PKU-SafeRLHF",
        "https://huggingface.co/datasets/PKU-Alignment/PKU-SafeRLHF (data/*/test.jsonl; round0/test.jsonl.xz of branch v0)",
        List.of("prompt", "response_0", "response_1", "is_response_0_safe", "is_response_1_safe"),
        fields("prompt", "response_0", "is_response_0_safe"),
        Optional.empty(),
        (record, file) -> {
          List<Row> rows = new ArrayList<>();
          for (int side = 0; side < 2; side++) {
            String field = "is_response_" + side + "_safe";
            boolean safe = record.requiredFlag(field);
            rows.add(
                Row.response(
                    id("pku-saferlhf", record) + "-" + side,
                    "pku-saferlhf",
                    record.required("prompt"),
                    record.text("response_" + side).orElse(""),
                    Fields.label(!safe)));
          }
          return rows;
        });
  }

  private static DataReader wildGuard() {
    return new DataReader(
        "wildguardmix",
        "WildGuardMix test",
        "https://huggingface.co/datasets/allenai/wildguardmix (test/wildguard_test.parquet, converted to JSON Lines)",
        List.of("prompt", "response", "prompt_harm_label", "response_harm_label", "adversarial"),
        fields("prompt", "prompt_harm_label"),
        Optional.empty(),
        (record, file) ->
            judged(
                id("wildguardmix", record),
                "wildguardmix",
                record.required("prompt"),
                record.text("response"),
                record.label("prompt_harm_label"),
                record.label("response_harm_label"),
                record
                    .text("adversarial")
                    .map(value -> Map.of("adversarial", value))
                    .orElse(Map.of())));
  }

  /** Labels that three or five people gave; Needs Caution counts as unsafe. */
  private static DataReader aegis1() {
    return new DataReader(
        "aegis-1",
        "Aegis AI Content Safety 1.0",
        "https://huggingface.co/datasets/nvidia/Aegis-AI-Content-Safety-Dataset-1.0 (test file, converted to JSON Lines)",
        List.of("text", "text_type", "labels_0", "labels_1", "labels_2"),
        fields("text", "labels_0"),
        Optional.empty(),
        (record, file) -> {
          int votes = 0;
          int unsafe = 0;
          for (int person = 0; person < 5; person++) {
            Optional<String> vote = record.text("labels_" + person);
            votes += vote.isPresent() ? 1 : 0;
            unsafe += vote.isPresent() && !vote.get().strip().equalsIgnoreCase("safe") ? 1 : 0;
          }
          Label label = Fields.label(2 * unsafe > votes);
          boolean answer = record.text("text_type").orElse("").contains("response");
          String id = record.text("id").orElse(id("aegis-1", record));
          String text = record.required("text");
          return List.of(
              answer
                  ? new Row(
                      id,
                      "aegis-1",
                      Conversation.user("").agent(text),
                      Optional.empty(),
                      Optional.of(label),
                      Codes.UNKNOWN,
                      Map.of())
                  : Row.prompt(id, "aegis-1", text, label));
        });
  }

  private static DataReader aegis2() {
    return new DataReader(
        "aegis-2",
        "Aegis AI Content Safety 2.0",
        "https://huggingface.co/datasets/nvidia/Aegis-AI-Content-Safety-Dataset-2.0 (test.json); redacted prompts are skipped",
        List.of("id", "prompt", "response", "prompt_label", "response_label"),
        fields("prompt", "prompt_label", "violated_categories"),
        Optional.empty(),
        (record, file) -> {
          if (record.has("reconstruction_id_if_redacted")) {
            return List.of();
          }
          return judged(
              record.text("id").orElse(id("aegis-2", record)),
              "aegis-2",
              record.required("prompt"),
              record.text("response"),
              record.label("prompt_label"),
              record.label("response_label"),
              Map.of());
        });
  }

  /** A prompt and perhaps an answer, each judged or not; none if neither is. */
  static List<Row> judged(
      String id,
      String dataset,
      String prompt,
      Optional<String> response,
      Optional<Label> promptLabel,
      Optional<Label> responseLabel,
      Map<String, String> meta) {
    Optional<Label> answered = response.isPresent() ? responseLabel : Optional.empty();
    if (promptLabel.isEmpty() && answered.isEmpty()) {
      return List.of();
    }
    Conversation user = Conversation.user(prompt);
    Conversation all = answered.isPresent() ? user.agent(response.orElseThrow()) : user;
    return List.of(new Row(id, dataset, all, promptLabel, answered, Codes.UNKNOWN, meta));
  }

  static String id(String dataset, Fields record) {
    return dataset + ":" + record.index();
  }
}
