package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.Guard;
import dev.pukara.guard.PromptFormat;
import dev.pukara.guard.Verdict;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pukara check}: one verdict. */
@Command(
    name = "check",
    description = "Judges a message, or an answer in its conversation, by a policy.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  pukara check \"How do I bake bread?\"",
      "  pukara check \"How do I pick a lock?\" --response \"I can't help with that.\"",
      "  echo \"some text\" | pukara check - --json"
    })
final class CheckCommand implements Callable<Integer> {
  @Mixin private final InputOptions input = new InputOptions();
  @Mixin private final GuardCliOptions options = new GuardCliOptions();

  @Option(names = "--json", description = "Print the verdict as one JSON object.")
  private boolean json;

  private final Console console;

  CheckCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    Conversation conversation = input.read(console.in());
    PromptFormat format = ModelChoice.format(options);
    try (Guard guard = Guard.open(options.guardOptions(format))) {
      Verdict verdict = guard.check(conversation);
      console.out().println(json ? Verdicts.json(guard, verdict) : Verdicts.text(guard, verdict));
      return Verdicts.exitCode(verdict);
    }
  }
}
