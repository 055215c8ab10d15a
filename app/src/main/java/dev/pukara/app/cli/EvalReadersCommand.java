package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.eval.data.DataSets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code pukara eval readers}: which files are understood. */
@Command(
    name = "readers",
    description = "Lists the data sets that eval reads, where they are, and the columns it needs.",
    mixinStandardHelpOptions = true)
final class EvalReadersCommand implements Callable<Integer> {
  private final Console console;

  EvalReadersCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    for (DataSets.Description reader : DataSets.readers()) {
      console.out().printf("%-20s %s%n", reader.id(), reader.title());
      console.out().printf("  %s%n", reader.card());
      console.out().printf("  columns: %s%n", String.join(", ", reader.columns()));
    }
    console.out().printf("%-20s rows of one's own (docs/data-format.md)%n", DataSets.OWN);
    console.out().printf("%-20s any table, with --columns%n", "csv");
    return 0;
  }
}
