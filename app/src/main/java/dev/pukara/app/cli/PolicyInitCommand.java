package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.guard.Policies;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pukara policy init}. */
@Command(
    name = "init",
    description = "Writes a policy file to start from; never over one that is there.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  pukara policy init shop.yaml",
      "  pukara policy init mine.yaml --from llama-guard-3"
    })
final class PolicyInitCommand implements Callable<Integer> {
  @Parameters(paramLabel = "FILE", description = "The file to write.")
  private Path file = Path.of("");

  @Option(
      names = "--from",
      paramLabel = "ID",
      description = "Copy this built-in policy; by default a small template.")
  private @Nullable String from;

  private final Console console;

  PolicyInitCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    String yaml = from == null ? Policies.template() : Policies.source(from);
    try {
      Files.writeString(file, yaml, StandardOpenOption.CREATE_NEW);
    } catch (FileAlreadyExistsException e) {
      throw new UserException(file + ": is there already; choose another name or delete it", e);
    }
    console.err().println("wrote " + file + "; check it with: pukara policy lint " + file);
    return ExitCodes.SAFE;
  }
}
