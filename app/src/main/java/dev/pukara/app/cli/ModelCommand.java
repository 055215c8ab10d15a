package dev.pukara.app.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code pukara model}: diagnostics and conversion of model files. */
@Command(
    name = "model",
    description = "Looks into model files, converts and makes them.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ModelInfoCommand.class,
      ModelTokenizeCommand.class,
      ModelLogitsCommand.class,
      ModelGenerateCommand.class,
      ModelConvertCommand.class,
      ModelQuantizeCommand.class,
      ModelStateCommand.class,
      ModelSynthCommand.class,
      ModelCompareCommand.class,
      ModelOutliersCommand.class
    },
    mixinStandardHelpOptions = true)
final class ModelCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "a command is missing");
  }
}
