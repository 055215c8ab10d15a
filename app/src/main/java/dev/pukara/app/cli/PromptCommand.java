package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.Guard;
import dev.pukara.guard.Policy;
import dev.pukara.guard.Prompt;
import dev.pukara.guard.PromptFormat;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code pukara prompt}: what the model would read. */
@Command(
    name = "prompt",
    description = "Prints the prompt that check would send to the model, and nothing else.",
    mixinStandardHelpOptions = true)
final class PromptCommand implements Callable<Integer> {
  @Mixin private final InputOptions input = new InputOptions();
  @Mixin private final GuardCliOptions options = new GuardCliOptions();

  @Option(names = "--tokens", description = "Print the token ids instead, joined by commas.")
  private boolean tokens;

  private final Console console;

  PromptCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    Conversation conversation = input.read(console.in());
    PromptFormat format = options.format();
    if (tokens && options.isRemote()) {
      throw new UserException(
          "--tokens: a server makes its own of the text; name the model's file with --model"
              + " instead of --remote");
    }
    Policy asked = options.policy(format).orElseGet(format::defaultPolicy);
    Policy policy = Guard.inPrompt(options.modelPath(), format, asked);
    Prompt prompt = format.render(policy, conversation);
    if (tokens) {
      int[] ids = Guard.tokens(options.modelPath(), format, prompt);
      console
          .out()
          .println(IntStream.of(ids).mapToObj(Integer::toString).collect(Collectors.joining(",")));
    } else {
      console.out().print(prompt.text());
    }
    return 0;
  }
}
