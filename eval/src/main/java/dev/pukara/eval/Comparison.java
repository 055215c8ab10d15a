package dev.pukara.eval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Two runs on the same messages: the second's metric minus the first's, with a paired bootstrap.
 * Only messages that both judged and that bear the same label in both count.
 */
public final class Comparison {
  private Comparison() {}

  /**
   * A difference on one set.
   *
   * @param set name of the set
   * @param messages that both judged
   * @param metric {@code auprc}, {@code auroc} or {@code f1}
   * @param first value of the first run
   * @param second value of the second run
   * @param difference second minus first
   * @param low lower end of the difference's 95 % interval
   * @param high upper end
   * @param pValue two-sided
   */
  public record Line(
      String set,
      int messages,
      String metric,
      double first,
      double second,
      double difference,
      double low,
      double high,
      double pValue) {}

  /**
   * Compares two folders, each of one contender.
   *
   * @throws EvaluationException if they share no set, or a set has no message in common
   */
  public static List<Line> of(Path first, Path second) throws IOException {
    EvaluationOptions options = EvaluationOptions.into(first);
    Map<String, SetResult> a = bySet(RunResult.read(only(first), options));
    Map<String, SetResult> b = bySet(RunResult.read(only(second), options));
    List<Line> lines = new ArrayList<>();
    for (Map.Entry<String, SetResult> set : a.entrySet()) {
      SetResult other = b.get(set.getKey());
      if (other != null) {
        lines.addAll(compare(set.getKey(), set.getValue(), other));
      }
    }
    if (lines.isEmpty()) {
      throw new EvaluationException(
          first
              + " has sets "
              + a.keySet()
              + ", "
              + second
              + " has "
              + b.keySet()
              + ": none in common; give both runs the same --data NAME=PATH");
    }
    return lines;
  }

  private static Path only(Path folder) throws IOException {
    List<Path> folders = RunFile.folders(folder);
    if (folders.size() > 1) {
      throw new EvaluationException(
          folder + ": holds several guards, expected one; give one of " + folders);
    }
    return folders.getFirst();
  }

  private static Map<String, SetResult> bySet(RunResult run) {
    Map<String, SetResult> map = new LinkedHashMap<>();
    run.sets().forEach(set -> map.put(set.name(), set));
    return map;
  }

  private static List<Line> compare(String set, SetResult first, SetResult second) {
    Map<String, Prediction> byKey =
        second.predictions().stream()
            .collect(
                Collectors.toMap(Prediction::key, Function.identity(), (x, y) -> x, HashMap::new));
    List<Prediction> mine = new ArrayList<>();
    List<Prediction> theirs = new ArrayList<>();
    for (Prediction prediction : first.predictions()) {
      Prediction other = byKey.get(prediction.key());
      if (other != null && other.label() == prediction.label()) {
        mine.add(prediction);
        theirs.add(other);
      }
    }
    if (mine.isEmpty()) {
      throw new EvaluationException(set + ": the runs have no message in common");
    }
    Scored a = Scored.of(mine);
    Scored b = Scored.of(theirs);
    Ranking rankingA = a.ranking();
    Ranking rankingB = b.ranking();
    return List.of(
        line(set, mine.size(), "auprc", rankingA::auprc, rankingB::auprc),
        line(set, mine.size(), "auroc", rankingA::auroc, rankingB::auroc),
        line(
            set,
            mine.size(),
            "f1",
            weights -> Confusion.of(a.flagged(), a.unsafe(), weights).f1(),
            weights -> Confusion.of(b.flagged(), b.unsafe(), weights).f1()));
  }

  private static Line line(
      String set,
      int messages,
      String metric,
      ToDoubleFunction<int[]> first,
      ToDoubleFunction<int[]> second) {
    int[] once = new int[messages];
    Arrays.fill(once, 1);
    Bootstrap.Paired paired = Bootstrap.paired(messages, first, second);
    return new Line(
        set,
        messages,
        metric,
        first.applyAsDouble(once),
        second.applyAsDouble(once),
        paired.difference(),
        paired.interval().low(),
        paired.interval().high(),
        paired.pValue());
  }
}
