package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.app.probe.Adherence;
import dev.pukara.app.probe.Adherence.Moves;
import dev.pukara.app.probe.Adherence.Result;
import dev.pukara.guard.CategoryMode;
import dev.pukara.guard.DefenceOptions;
import dev.pukara.guard.Guard;
import dev.pukara.rows.Row;
import dev.pukara.rows.Rows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/** {@code pukara adherence}: does the model read its policy? */
@Command(
    name = "adherence",
    description =
        "Measures whether verdicts follow the policy: unsafe rows must turn safe when their"
            + " category leaves it, all other verdicts must stay.",
    mixinStandardHelpOptions = true,
    footer = {"", "Example:", "  pukara adherence --model guard.gguf --data rows.jsonl --rows 200"})
final class AdherenceCommand implements Callable<Integer> {
  @Mixin private final GuardCliOptions options = new GuardCliOptions();

  @Option(
      names = "--data",
      paramLabel = "FILE",
      arity = "1..*",
      required = true,
      description = "Labelled rows with categories, see docs/data-format.md.")
  private List<Path> data = List.of();

  @Option(
      names = "--rows",
      paramLabel = "N",
      description = "At most so many rows of each file, spread over it; default: all.")
  private int rowsMax = Integer.MAX_VALUE;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  private final Console console;

  AdherenceCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    UserException.atLeast(1, rowsMax, "--rows");
    List<Row> rows = new ArrayList<>();
    for (Path file : data) {
      rows.addAll(spread(file));
    }
    // Only the first token counts, of the text as it is.
    try (Guard guard = options.open(CategoryMode.NEVER, DefenceOptions.NONE)) {
      if (guard.policy().categories().size() < 2) {
        throw new UserException(
            "policy "
                + guard.policy().id()
                + " has a single category, and one must be left when one is taken out; choose a"
                + " policy with more");
      }
      Result result = Adherence.run(guard, rows, this::progress);
      console.err().println();
      if (Result.total(result.own()).rows() == 0) {
        throw new UserException(
            "no unsafe row says which category of policy "
                + guard.policy().id()
                + " it violates; give rows with codes of this policy");
      }
      console.out().println(json ? json(guard, result) : text(guard, result));
      return ExitCodes.SAFE;
    }
  }

  private List<Row> spread(Path file) throws IOException {
    List<Row> all;
    try (Stream<Row> rows = Rows.read(file)) {
      all = rows.toList();
    }
    int step = Math.max(1, (all.size() + rowsMax - 1) / rowsMax);
    List<Row> some = new ArrayList<>();
    for (int i = 0; i < all.size(); i += step) {
      some.add(all.get(i));
    }
    return some;
  }

  private void progress(int done, int all) {
    console.err().printf(Locale.ROOT, "\r%d of %d verdicts", done, all);
    console.err().flush();
  }

  private static String text(Guard guard, Result result) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%-6s | %-21s | %-21s | %-21s%n%-6s | %6s %7s %6s | %6s %7s %6s | %6s %7s %6s%n",
            "",
            "own category left out",
            "other one left out",
            "safe, one left out",
            "code",
            "unsafe",
            "to safe",
            "move",
            "rows",
            "changed",
            "move",
            "rows",
            "changed",
            "move"));
    for (String code : result.own().keySet()) {
      Moves own = result.own().getOrDefault(code, Result.total(Map.of()));
      Moves foreign = result.foreign().getOrDefault(code, Result.total(Map.of()));
      Moves safe = result.safe().getOrDefault(code, Result.total(Map.of()));
      text.append(line(code, own, foreign, safe));
    }
    text.append(
        line(
            "all",
            Result.total(result.own()),
            Result.total(result.foreign()),
            Result.total(result.safe())));
    text.append(guard.model()).append(", policy ").append(guard.policy().id());
    return text.toString();
  }

  private static String line(String code, Moves own, Moves foreign, Moves safe) {
    return String.format(
        Locale.ROOT,
        "%-6s | %6d %6.1f%% %6.3f | %6d %6.1f%% %6.3f | %6d %6.1f%% %6.3f%n",
        code,
        own.unsafe(),
        100 * own.safeRate(),
        own.meanMove(),
        foreign.rows(),
        100 * foreign.changeRate(),
        foreign.meanMove(),
        safe.rows(),
        100 * safe.changeRate(),
        safe.meanMove());
  }

  private static String json(Guard guard, Result result) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("model", guard.model());
    object.put("policy", guard.policy().id());
    object.put("own", map(result.own()));
    object.put("foreign", map(result.foreign()));
    object.put("safe", map(result.safe()));
    return new JsonMapper().writeValueAsString(object);
  }

  private static Map<String, Object> map(Map<String, Moves> byCode) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("all", map(Result.total(byCode)));
    byCode.forEach((code, moves) -> map.put(code, map(moves)));
    return map;
  }

  private static Map<String, Object> map(Moves moves) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("rows", moves.rows());
    map.put("unsafe", moves.unsafe());
    map.put("turnedSafe", moves.turnedSafe());
    map.put("turnedUnsafe", moves.turnedUnsafe());
    map.put("safeRate", moves.safeRate());
    map.put("changeRate", moves.changeRate());
    map.put("meanMove", moves.meanMove());
    return map;
  }
}
