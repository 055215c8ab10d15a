package dev.pukara.app.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code pukara policy}: the taxonomies that guards judge by. */
@Command(
    name = "policy",
    description = "Lists, shows, starts, checks, compares and tests policies.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      PolicyListCommand.class,
      PolicyShowCommand.class,
      PolicyInitCommand.class,
      PolicyLintCommand.class,
      PolicyDiffCommand.class,
      PolicyTestCommand.class
    },
    mixinStandardHelpOptions = true)
final class PolicyCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "a command is missing");
  }
}
