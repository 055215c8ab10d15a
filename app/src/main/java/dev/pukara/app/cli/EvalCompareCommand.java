package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.eval.Comparison;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.json.JsonMapper;

/** {@code pukara eval compare}: is B better than A? */
@Command(
    name = "compare",
    description =
        "Compares two guards on the messages that both judged: B minus A, with 95 %% intervals and"
            + " p-values of a paired bootstrap.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  pukara eval compare before after",
      "  pukara eval compare out/a out/b     (two guards of one report)"
    })
final class EvalCompareCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "A", description = "Folder of one guard's scores.")
  private Path first = Path.of(".");

  @Parameters(index = "1", paramLabel = "B", description = "Folder of the other's.")
  private Path second = Path.of(".");

  @Option(names = "--json", description = "Print a JSON list.")
  private boolean json;

  private final Console console;

  EvalCompareCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    List<Comparison.Line> lines = Comparison.of(first, second);
    if (json) {
      console.out().println(new JsonMapper().writeValueAsString(lines));
      return 0;
    }
    console
        .out()
        .printf("%-24s%-6s%9s%9s%9s  %-18s%s%n", "set", "", "A", "B", "B - A", "95 %", "p");
    for (Comparison.Line line : lines) {
      console
          .out()
          .printf(
              Locale.ROOT,
              "%-24s%-6s%9.3f%9.3f%+9.3f  %+.3f to %+.3f  %.3f%n",
              line.set(),
              line.metric(),
              line.first(),
              line.second(),
              line.difference(),
              line.low(),
              line.high(),
              line.pValue());
    }
    return 0;
  }
}
