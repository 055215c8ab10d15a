package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.Guard;
import dev.pukara.guard.Message;
import dev.pukara.guard.Verdict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pukara check}: one verdict. */
@Command(
    name = "check",
    description = "Judges a message, or an answer in its conversation, by a policy.",
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:safe; with --jsonl, every row was judged",
      "1:unsafe",
      "2:wrong usage or a bad file",
      "3:unreadable; with --jsonl, some row could not be judged",
      "4:out of a resource, or an internal error"
    },
    footer = {
      "",
      "Examples:",
      "  pukara check \"How do I bake bread?\"",
      "  pukara check \"How do I pick a lock?\" --response \"I can't help with that.\"",
      "  echo \"some text\" | pukara check - --json",
      "  pukara check --jsonl rows.jsonl --out verdicts.jsonl",
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

  @Option(
      names = "--jsonl",
      paramLabel = "FILE",
      description =
          "Judge the last message of every row of this file (docs/data-format.md, labels are not"
              + " needed) and write a line for each to --out, in order; a row that cannot be"
              + " judged gets an 'error' and action block. Run the same command again after an"
              + " interruption, and it goes on.")
  private @Nullable Path jsonl;

  @Option(names = "--out", paramLabel = "FILE", description = "Where the verdicts on --jsonl go.")
  private @Nullable Path out;

  private final Console console;

  CheckCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (jsonl != null) {
      return checkFile(jsonl);
    }
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

  private int checkFile(Path rows) throws IOException {
    if (input.isGiven()) {
      throw new UserException("--jsonl together with a message; give one of them");
    }
    if (out == null) {
      throw new UserException("--jsonl needs --out FILE for the verdicts");
    }
    try (Guard guard = options.open()) {
      return new BatchCheck(guard, rows, out, options.deciding(), console.err()).run();
    }
  }
}
