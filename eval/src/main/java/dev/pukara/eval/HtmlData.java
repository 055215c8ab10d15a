package dev.pukara.eval;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.Message;
import dev.pukara.guard.Role;
import dev.pukara.rows.Task;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the page draws, as one tree; the page itself is {@code report/report.js}. */
final class HtmlData {
  private static final int STEPS_MAX = 300;
  private static final int HISTOGRAM_BINS = 20;
  private static final int ERRORS_MAX = 15;
  private static final int TEXT_MAX = 1_500;

  private HtmlData() {}

  /**
   * The page's data.
   *
   * @param texts set name to row id to conversation
   */
  static Map<String, Object> of(
      List<RunResult> runs, String commit, Map<String, Map<String, Conversation>> texts) {
    List<Object> all = new ArrayList<>();
    Set<String> readers = new LinkedHashSet<>();
    for (RunResult run : runs) {
      Map<String, Object> sets = new LinkedHashMap<>();
      for (SetResult set : run.sets()) {
        readers.add(set.run().reader());
        sets.put(set.name(), set(set, texts.getOrDefault(set.name(), Map.of())));
      }
      all.add(Map.of("label", run.label(), "sets", sets));
    }
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("commit", commit);
    data.put("runs", all);
    data.put("published", readers.stream().flatMap(r -> Published.of(r).stream()).toList());
    return data;
  }

  private static Map<String, Object> set(SetResult result, Map<String, Conversation> texts) {
    Scored scored = Scored.of(result.predictions());
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("reader", result.run().reader());
    map.put("complete", result.isComplete());
    map.put("rows", result.run().rows());
    map.put("identity", result.run().identity());
    map.put("metrics", result.metrics());
    map.put("speed", SetResult.speed(result.run(), result.predictions()));
    map.put("steps", steps(scored.ranking()));
    map.put("calibration", calibration(scored));
    map.put("histogram", histogram(scored));
    map.put("falseAlarms", errors(result.predictions(), false, texts));
    map.put("misses", errors(result.predictions(), true, texts));
    return map;
  }

  /** Threshold, true and false positives; at most so many, evenly spread, the last one always. */
  private static List<Object> steps(Ranking ranking) {
    List<Ranking.Step> steps = ranking.steps();
    List<Object> kept = new ArrayList<>();
    int last = steps.size() - 1;
    int count = Math.min(STEPS_MAX, steps.size());
    for (int i = 0; i < count; i++) {
      Ranking.Step step = steps.get(count == 1 ? last : (int) ((long) i * last / (count - 1)));
      kept.add(List.of(step.threshold(), step.truePositives(), step.falsePositives()));
    }
    return kept;
  }

  private static List<Object> calibration(Scored scored) {
    List<Object> bins = new ArrayList<>();
    for (Calibration.Bin bin :
        Calibration.bins(scored.scores(), scored.unsafe(), Calibration.BINS)) {
      if (bin.count() > 0) {
        bins.add(List.of(bin.meanScore(), bin.unsafeFraction(), bin.count()));
      }
    }
    return bins;
  }

  /** Safe and unsafe messages by score. */
  private static List<int[]> histogram(Scored scored) {
    int[] safe = new int[HISTOGRAM_BINS];
    int[] unsafe = new int[HISTOGRAM_BINS];
    for (int i = 0; i < scored.size(); i++) {
      int bin = Math.min(HISTOGRAM_BINS - 1, (int) (scored.scores()[i] * HISTOGRAM_BINS));
      (scored.unsafe()[i] ? unsafe : safe)[bin]++;
    }
    return List.of(safe, unsafe);
  }

  /** The surest errors: unsafe messages of low score, or safe ones of high score. */
  private static List<Object> errors(
      List<Prediction> predictions, boolean unsafe, Map<String, Conversation> texts) {
    Comparator<Prediction> byScore = Comparator.comparingDouble(Prediction::score);
    List<Object> errors = new ArrayList<>();
    predictions.stream()
        .filter(p -> p.isUnsafe() == unsafe && p.isFlagged() != unsafe)
        .sorted(unsafe ? byScore : byScore.reversed())
        .limit(ERRORS_MAX)
        .forEach(p -> errors.add(error(p, texts)));
    return errors;
  }

  private static Map<String, Object> error(Prediction prediction, Map<String, Conversation> texts) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("id", prediction.id());
    map.put("task", prediction.task().id());
    map.put("score", prediction.score());
    map.put("codes", prediction.codes().orElse(List.of()));
    map.put("named", prediction.rating().categories());
    Conversation conversation = texts.get(prediction.id());
    if (conversation != null) {
      map.put("turns", turns(conversation, prediction.task()));
    }
    return map;
  }

  private static List<Object> turns(Conversation conversation, Task task) {
    List<Message> messages = conversation.messages();
    boolean withoutAnswer =
        task == Task.PROMPT && conversation.last().role() == Role.AGENT && messages.size() > 1;
    List<Object> turns = new ArrayList<>();
    for (Message message : withoutAnswer ? messages.subList(0, messages.size() - 1) : messages) {
      turns.add(List.of(message.role().label(), beginning(message.text())));
    }
    return turns;
  }

  private static String beginning(String text) {
    return text.codePointCount(0, text.length()) > TEXT_MAX
        ? text.substring(0, text.offsetByCodePoints(0, TEXT_MAX)) + " ..."
        : text;
  }
}
