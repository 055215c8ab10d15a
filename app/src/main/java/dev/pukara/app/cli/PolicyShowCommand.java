package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.guard.Policies;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pukara policy show}. */
@Command(
    name = "show",
    description = "Prints a policy as YAML.",
    mixinStandardHelpOptions = true,
    footer = {"", "Example:", "  pukara policy show llama-guard-3"})
final class PolicyShowCommand implements Callable<Integer> {
  @Parameters(paramLabel = "ID|FILE", description = "Built-in policy or YAML file.")
  private String policy = "";

  @Option(names = "--digest", description = "Print only the SHA-256 that verdicts carry.")
  private boolean digest;

  private final Console console;

  PolicyShowCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    String digestOfValid = Policies.find(policy).digest();
    if (digest) {
      console.out().println(digestOfValid);
    } else {
      console.out().print(Policies.source(policy));
    }
    return ExitCodes.SAFE;
  }
}
