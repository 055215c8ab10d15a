package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.guard.Policies;
import dev.pukara.guard.PolicyDiff;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code pukara policy diff}. */
@Command(
    name = "diff",
    description = "Tells how two policies differ, whatever their layout and comments.",
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:the same", "1:different", "2:not a policy"},
    footer = {"", "Example:", "  pukara policy diff llama-guard-3 mine.yaml"})
final class PolicyDiffCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "OLD", description = "Built-in policy or YAML file.")
  private String before = "";

  @Parameters(index = "1", paramLabel = "NEW", description = "Built-in policy or YAML file.")
  private String after = "";

  private final Console console;

  PolicyDiffCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    List<String> lines = PolicyDiff.of(Policies.find(before), Policies.find(after));
    lines.forEach(console.out()::println);
    return lines.isEmpty() ? ExitCodes.SAFE : ExitCodes.UNSAFE;
  }
}
