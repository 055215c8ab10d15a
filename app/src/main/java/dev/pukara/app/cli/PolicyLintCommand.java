package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.Guard;
import dev.pukara.guard.Policies;
import dev.pukara.guard.Policy;
import dev.pukara.guard.PolicyLint;
import dev.pukara.guard.PolicyLint.Remark;
import dev.pukara.guard.PromptFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code pukara policy lint}. */
@Command(
    name = "lint",
    description =
        "Tells what is wrong or odd in a policy: overlapping names, missing descriptions, examples"
            + " that contradict each other; with a model also how long its prompt is.",
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:nothing to remark", "1:remarks", "2:not a policy"},
    footer = {
      "",
      "Examples:",
      "  pukara policy lint shop.yaml",
      "  pukara policy lint shop.yaml --model MODEL --max-tokens 800"
    })
final class PolicyLintCommand implements Callable<Integer> {
  @Parameters(paramLabel = "ID|FILE", description = "Built-in policy or YAML file.")
  private String policy = "";

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description = "Measure the prompt with this model's vocabulary and format.")
  private @Nullable Path model;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "Longest prompt without remark, message excluded; default: ${DEFAULT-VALUE}.")
  private int maxTokens = 1500;

  private final Console console;

  PolicyLintCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    Policy read = Policies.find(policy);
    List<Remark> remarks = new ArrayList<>(PolicyLint.of(read));
    if (model != null) {
      int tokens = promptTokens(model, read);
      console.err().println("prompt: " + tokens + " tokens without the message");
      if (tokens > maxTokens) {
        remarks.add(
            new Remark(
                "categories",
                "the prompt takes "
                    + tokens
                    + " tokens before any message, more than "
                    + maxTokens
                    + "; shorten descriptions or lower few_shot_tokens"));
      }
    }
    for (Remark remark : remarks) {
      console.out().println(policy + ": " + remark.where() + ": " + remark.message());
    }
    return remarks.isEmpty() ? ExitCodes.SAFE : ExitCodes.UNSAFE;
  }

  private static int promptTokens(Path model, Policy policy) throws IOException {
    PromptFormat format =
        policy.settings().format().isPresent()
            ? Guard.formatOf(model, policy.settings().format().get())
            : Guard.formatOf(model);
    Policy shown = Guard.inPrompt(model, format, policy);
    return Guard.tokens(model, format, format.render(shown, Conversation.user(""))).length;
  }
}
