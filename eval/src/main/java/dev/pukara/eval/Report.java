package dev.pukara.eval;

import dev.pukara.eval.RunFile.SetRun;
import dev.pukara.eval.data.Columns;
import dev.pukara.eval.data.DataSet;
import dev.pukara.eval.data.DataSets;
import dev.pukara.eval.data.DataSpec;
import dev.pukara.guard.Conversation;
import dev.pukara.rows.JsonText;
import dev.pukara.rows.Row;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Computes everything from the scores on disk: {@code metrics.json}, {@code report.md}, {@code
 * report.html}. No model is needed.
 */
public final class Report {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private Report() {}

  /**
   * Writes the report of a folder.
   *
   * @param sets whose texts may be shown beside the worst errors; others stay without text
   * @return the main figures as a table for people
   */
  public static String write(EvaluationOptions options, List<DataSet> sets) throws IOException {
    List<RunResult> runs = new ArrayList<>();
    for (Path folder : RunFile.folders(options.folder())) {
      RunResult run = RunResult.read(folder, options);
      if (!run.sets().isEmpty()) {
        runs.add(run);
      }
    }
    Map<String, Object> metrics = metrics(options, runs);
    Files.writeString(
        options.folder().resolve("metrics.json"), JSON.writeValueAsString(metrics) + "\n");
    Files.writeString(
        options.folder().resolve("report.md"), MarkdownReport.of(runs, options.commit()));
    Map<String, Map<String, Conversation>> texts = options.texts() ? texts(sets) : Map.of();
    Files.writeString(
        options.folder().resolve("report.html"), html(HtmlData.of(runs, options.commit(), texts)));
    return Summary.of(runs);
  }

  /**
   * The data sets of a folder's runs, as far as their files are still the same; tables that needed
   * a column mapping are left out.
   */
  public static List<DataSet> sets(Path folder) throws IOException {
    Map<String, DataSet> sets = new LinkedHashMap<>();
    for (Path run : RunFile.folders(folder)) {
      for (Map.Entry<String, SetRun> set : RunFile.read(run).sets().entrySet()) {
        Path data = Path.of(set.getValue().path());
        if (!sets.containsKey(set.getKey())
            && !set.getValue().reader().equals("csv")
            && Files.isRegularFile(data)
            && Sha256.of(data).equals(set.getValue().dataDigest())) {
          DataSpec spec = new DataSpec(set.getKey(), Optional.of(set.getValue().reader()), data);
          sets.put(set.getKey(), DataSets.read(spec, Columns.OWN_NAMES));
        }
      }
    }
    return List.copyOf(sets.values());
  }

  /** Of one contender: {@code sets.NAME.auprc}; of several: {@code runs.LABEL.sets.NAME.auprc}. */
  private static Map<String, Object> metrics(EvaluationOptions options, List<RunResult> runs) {
    Map<String, Object> metrics = new LinkedHashMap<>();
    metrics.put("commit", options.commit());
    if (runs.size() == 1 && RunFile.isIn(options.folder())) {
      metrics.putAll(runs.getFirst().json());
    } else {
      Map<String, Object> all = new LinkedHashMap<>();
      runs.forEach(run -> all.put(run.label(), run.json()));
      metrics.put("runs", all);
    }
    return metrics;
  }

  private static Map<String, Map<String, Conversation>> texts(List<DataSet> sets) {
    Map<String, Map<String, Conversation>> texts = new HashMap<>();
    for (DataSet set : sets) {
      Map<String, Conversation> byId = new HashMap<>();
      for (Row row : set.rows()) {
        byId.put(row.id(), row.conversation());
      }
      texts.put(set.name(), byId);
    }
    return texts;
  }

  /** The page with its data inside; nothing in the data can end the script that holds it. */
  private static String html(Map<String, Object> data) throws IOException {
    String json = JsonText.line(data).replace("<", "\\u003c");
    return resource("report.html")
        .replace("/*STYLE*/", resource("report.css"))
        .replace("/*SCRIPT*/", resource("report.js"))
        .replace("/*DATA*/", json);
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = Report.class.getResourceAsStream("report/" + name)) {
      if (in == null) {
        throw new IllegalStateException("resource report/" + name + " is missing from the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
