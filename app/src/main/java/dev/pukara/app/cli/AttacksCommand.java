package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.app.probe.AttackRow;
import dev.pukara.app.probe.AttackRun;
import dev.pukara.app.probe.AttackRun.Counts;
import dev.pukara.app.probe.AttackRun.Result;
import dev.pukara.guard.CategoryMode;
import dev.pukara.guard.Guard;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.json.JsonMapper;

/** {@code pukara attacks}: what gets past the guard. */
@Command(
    name = "attacks",
    description =
        "Runs a corpus of attacks: how many turn an unsafe verdict safe, how many harmless twins"
            + " come out unsafe, and whether any text becomes a special token.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  pukara attacks --model guard.gguf --data data/attacks/attacks.jsonl",
      "  pukara attacks --model guard.gguf --data data/attacks/attacks.jsonl \\",
      "    --defences none --json"
    })
final class AttacksCommand implements Callable<Integer> {
  @Mixin private final GuardCliOptions options = new GuardCliOptions();

  @Option(
      names = "--data",
      paramLabel = "FILE",
      required = true,
      description = "Attacks as in data/attacks/attacks.jsonl.")
  private Path data = Path.of("");

  @Option(
      names = "--json",
      description = "Print one JSON object, ids of what got through included.")
  private boolean json;

  private final Console console;

  AttacksCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    List<AttackRow> rows = AttackRow.read(data);
    if (rows.isEmpty()) {
      throw new UserException(data + ": no attacks in it");
    }
    // The message as a whole decides: which category it is does not matter here.
    try (Guard guard = options.open(CategoryMode.NEVER)) {
      OptionalLong made = specialTokens(guard, rows);
      Result result = AttackRun.run(guard, rows, done -> progress(done, rows.size()));
      console.err().println();
      console.out().println(json ? json(guard, made, result) : text(guard, made, result));
      return ExitCodes.SAFE;
    }
  }

  /** A server tokenizes by itself: nothing can be counted there. */
  private OptionalLong specialTokens(Guard guard, List<AttackRow> rows) throws IOException {
    return options.isRemote()
        ? OptionalLong.empty()
        : OptionalLong.of(AttackRun.specialTokens(options.modelPath(), guard, rows));
  }

  private void progress(int done, int all) {
    console.err().printf(Locale.ROOT, "\r%d of %d attacks", done, all);
    console.err().flush();
  }

  private static String text(Guard guard, OptionalLong made, Result result) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%-16s %5s %7s %7s %7s %7s%n",
            "kind",
            "rows",
            "caught",
            "flips",
            "share",
            "twins"));
    result.kinds().forEach((kind, counts) -> text.append(line(kind, counts)));
    text.append(line("all", result.all()));
    made.ifPresent(
        count -> text.append("special tokens made of text: ").append(count).append('\n'));
    text.append(
        "caught: originals that are unsafe without an attack; flips: of those, safe under\n");
    text.append("attack; twins: harmless requests that are unsafe under the same attack\n");
    text.append(guard.model()).append(", policy ").append(guard.policy().id());
    return text.toString();
  }

  private static String line(String name, Counts counts) {
    return String.format(
        Locale.ROOT,
        "%-16s %5d %7d %7d %6.1f%% %6.1f%%%n",
        name,
        counts.rows(),
        counts.caught(),
        counts.flips(),
        100 * counts.flipRate(),
        100 * counts.twinRate());
  }

  private static String json(Guard guard, OptionalLong made, Result result) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("model", guard.model());
    object.put("policy", guard.policy().id());
    made.ifPresent(count -> object.put("specialTokens", count));
    object.put("all", map(result.all()));
    Map<String, Object> kinds = new LinkedHashMap<>();
    result.kinds().forEach((kind, counts) -> kinds.put(kind, map(counts)));
    object.put("kinds", kinds);
    object.put("flipped", result.flipped());
    return new JsonMapper().writeValueAsString(object);
  }

  private static Map<String, Object> map(Counts counts) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("rows", counts.rows());
    map.put("caught", counts.caught());
    map.put("flips", counts.flips());
    map.put("flipRate", counts.flipRate());
    map.put("twinsUnsafe", counts.twinsUnsafe());
    map.put("twinRate", counts.twinRate());
    map.put("lower", counts.lower());
    return map;
  }
}
