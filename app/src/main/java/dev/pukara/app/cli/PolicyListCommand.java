package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.guard.Policies;
import dev.pukara.guard.Policy;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code pukara policy list}. */
@Command(name = "list", description = "The built-in policies.", mixinStandardHelpOptions = true)
final class PolicyListCommand implements Callable<Integer> {
  private final Console console;

  PolicyListCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    for (String id : Policies.builtIn()) {
      Policy policy = Policies.find(id);
      console.out().println(String.format(Locale.ROOT, "%-18s %s", id, policy.title()));
    }
    return ExitCodes.SAFE;
  }
}
