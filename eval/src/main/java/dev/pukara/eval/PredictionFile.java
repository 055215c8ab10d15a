package dev.pukara.eval;

import dev.pukara.rows.JsonText;
import dev.pukara.rows.Label;
import dev.pukara.rows.RowException;
import dev.pukara.rows.Task;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Predictions as JSON Lines, in the order of the rows: {@code id}, {@code task}, {@code label},
 * {@code codes}, {@code score} (null if unreadable), {@code verdict}, {@code categories}, {@code
 * categoryScores} (if computed), {@code promptDigest}, {@code tokens}, {@code millis}. A killed run
 * leaves whole lines and perhaps part of one, which is dropped.
 */
final class PredictionFile {
  private static final JsonMapper JSON = new JsonMapper();

  private PredictionFile() {}

  /** The predictions so far; none if there is no file. */
  static List<Prediction> read(Path file) throws IOException {
    List<Prediction> predictions = new ArrayList<>();
    if (!Files.exists(file)) {
      return predictions;
    }
    dropPartOfALine(file);
    for (String line : Files.readAllLines(file)) {
      try {
        predictions.add(parse(JSON.readTree(line)));
      } catch (JacksonException | IllegalArgumentException e) {
        throw new RowException(
            file
                + ":"
                + (predictions.size() + 1)
                + ": not a prediction; delete the file and run again",
            e);
      }
    }
    return predictions;
  }

  private static void dropPartOfALine(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int end = bytes.length;
    while (end > 0 && bytes[end - 1] != '\n') {
      end--;
    }
    if (end < bytes.length) {
      try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
        open.setLength(end);
      }
    }
  }

  /** Opens the file for more lines. */
  static BufferedWriter append(Path file) throws IOException {
    return Files.newBufferedWriter(
        file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  static String line(Prediction prediction) {
    ObjectNode json = JSON.createObjectNode();
    json.put("id", prediction.id());
    json.put("task", prediction.task().id());
    json.put("label", prediction.label().id());
    prediction.codes().ifPresent(codes -> codes.forEach(json.putArray("codes")::add));
    Rating rating = prediction.rating();
    if (rating.score().isPresent()) {
      json.put("score", rating.score().getAsDouble());
    } else {
      json.putNull("score");
    }
    json.put("verdict", rating.verdict());
    rating.categories().forEach(json.putArray("categories")::add);
    if (!rating.categoryScores().isEmpty()) {
      ObjectNode scores = json.putObject("categoryScores");
      rating.categoryScores().forEach(scores::put);
    }
    json.put("promptDigest", rating.promptDigest());
    json.put("tokens", rating.tokens());
    json.put("millis", Math.round(rating.millis() * 1e3) / 1e3);
    return JsonText.line(json);
  }

  private static Prediction parse(JsonNode json) {
    Map<String, Double> scores = new LinkedHashMap<>();
    JsonNode byCategory = json.get("categoryScores");
    if (byCategory != null) {
      byCategory.forEachEntry((code, score) -> scores.put(code, score.asDouble()));
    }
    JsonNode score = json.required("score");
    JsonNode codes = json.get("codes");
    return new Prediction(
        json.required("id").asString(),
        Task.valueOf(json.required("task").asString().toUpperCase(Locale.ROOT)),
        Label.valueOf(json.required("label").asString().toUpperCase(Locale.ROOT)),
        codes == null ? Optional.empty() : Optional.of(strings(codes)),
        new Rating(
            score.isNull() ? OptionalDouble.empty() : OptionalDouble.of(score.asDouble()),
            json.required("verdict").asString(),
            strings(json.required("categories")),
            scores,
            json.path("promptDigest").asString(""),
            json.path("tokens").asInt(0),
            json.path("millis").asDouble(0)));
  }

  private static List<String> strings(JsonNode list) {
    return list.valueStream().map(JsonNode::asString).toList();
  }
}
