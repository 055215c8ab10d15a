package dev.pukara.train;

import dev.pukara.train.RunListener.PolicyScore;
import dev.pukara.train.RunListener.StepReport;
import dev.pukara.train.RunListener.ValidationReport;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The log of a run: a JSON object a line for each step and each validation. */
final class RunLog implements AutoCloseable {
  private static final String NAME = "log.jsonl";
  private static final JsonMapper JSON = new JsonMapper();

  private final Path file;
  private final BufferedWriter out;

  private RunLog(Path file, BufferedWriter out) {
    this.file = file;
    this.out = out;
  }

  /** Opens the log behind step {@code step}; lines on later steps, which will be done again, go. */
  static RunLog open(RunFolder folder, int step) throws IOException {
    Path file = folder.path(NAME);
    List<String> kept = new ArrayList<>();
    if (Files.exists(file)) {
      for (String line : Files.readAllLines(file)) {
        if (stepOf(line) <= step) {
          kept.add(line + "\n");
        }
      }
    }
    folder.write(NAME, String.join("", kept));
    return new RunLog(file, Files.newBufferedWriter(file, StandardOpenOption.APPEND));
  }

  /** Step of a line; a line that was cut off belongs to no step. */
  private static int stepOf(String line) {
    try {
      return JSON.readTree(line).path("step").asInt(Integer.MAX_VALUE);
    } catch (JacksonException e) {
      return Integer.MAX_VALUE;
    }
  }

  void add(StepReport report) throws IOException {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("step", report.step());
    line.put("loss", report.loss());
    line.put("verdict_loss", report.verdictLoss());
    line.put("verdicts_right", report.verdictsRight());
    line.put("gradient_norm", report.gradientNorm());
    line.put("learning_rate", report.learningRate());
    line.put("lessons", report.lessons());
    line.put("tokens", report.tokens());
    line.put("seconds", report.seconds());
    add(line);
  }

  void add(ValidationReport report) throws IOException {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("step", report.step());
    Map<String, Object> policies = new LinkedHashMap<>();
    for (PolicyScore score : report.policies()) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("cases", score.cases());
      entry.put("unsafe", score.unsafe());
      entry.put("loss", score.loss());
      // JSON has no NaN.
      entry.put("auprc", Double.isNaN(score.auprc()) ? null : (Object) score.auprc());
      entry.put("f1", score.f1());
      policies.put(score.policy(), entry);
    }
    line.put("validation", policies);
    add(line);
  }

  private void add(Map<String, Object> line) throws IOException {
    out.write(JSON.writeValueAsString(line));
    out.write('\n');
    out.flush();
  }

  /** The numbers of one field over the steps, for curves. */
  static List<double[]> curve(List<JsonNode> lines, String field) {
    List<double[]> points = new ArrayList<>();
    for (JsonNode line : lines) {
      if (line.path(field).isNumber()) {
        points.add(new double[] {line.path("step").asInt(), line.path(field).asDouble()});
      }
    }
    return points;
  }

  /** All lines so far. */
  List<JsonNode> lines() throws IOException {
    out.flush();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
