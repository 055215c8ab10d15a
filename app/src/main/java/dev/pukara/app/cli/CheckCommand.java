package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.Guard;
import dev.pukara.guard.Message;
import dev.pukara.guard.Verdict;
import java.io.IOException;
import java.util.List;
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
      "  echo \"some text\" | pukara check - --json",
      "  pukara check --messages chat.json",
      "  my-llm \"How do I bake bread?\" |",
      "    pukara check --stream \"How do I bake bread?\"",
      "  pukara check --remote http://localhost:8000 \\",
      "    --remote-model meta-llama/Llama-Guard-3-8B \"How do I bake bread?\""
    })
final class CheckCommand implements Callable<Integer> {
  @Mixin private final InputOptions input = new InputOptions();
  @Mixin private final GuardCliOptions options = new GuardCliOptions();

  @Option(
      names = "--stream",
      description =
          "Read the agent's answer from standard input as it comes, print what passed, stop at the"
              + " first violation. The verdict goes to standard error.")
  private boolean stream;

  @Option(names = "--json", description = "Print the verdict as one JSON object.")
  private boolean json;

  private final Console console;

  CheckCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (stream) {
      List<Message> before = input.before();
      try (Guard guard = options.open()) {
        return StreamCheck.run(guard, before, console.in(), console.out(), console.err(), json);
      }
    }
    Conversation conversation = input.read(console.in());
    try (Guard guard = options.open()) {
      Verdict verdict = guard.check(conversation);
      console.out().println(json ? Verdicts.json(guard, verdict) : Verdicts.text(guard, verdict));
      return Verdicts.exitCode(verdict);
    }
  }
}
