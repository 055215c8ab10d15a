package dev.pukara.app.cli;

import dev.pukara.app.cli.Pukara.Console;
import dev.pukara.guard.Category;
import dev.pukara.guard.CategoryScore;
import dev.pukara.guard.Conversation;
import dev.pukara.guard.Example;
import dev.pukara.guard.Guard;
import dev.pukara.guard.Policy;
import dev.pukara.guard.Verdict;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code pukara policy test}. */
@Command(
    name = "test",
    description = "Judges the examples of a policy and tells which come out otherwise.",
    mixinStandardHelpOptions = true,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:all as the policy says", "1:some otherwise", "2:no examples, bad file"},
    footer = {
      "",
      "Examples that stand in the prompt as demonstrations (few_shot_tokens) are not",
      "judged: the model has their answers before it.",
      "",
      "Example:",
      "  pukara policy test shop.yaml --model MODEL"
    })
final class PolicyTestCommand implements Callable<Integer> {
  private static final int SHOWN_CHARACTERS = 48;

  @Mixin private final GuardCliOptions options = new GuardCliOptions();

  @Parameters(
      arity = "0..1",
      paramLabel = "ID|FILE",
      description = "Built-in policy or YAML file; the same as --policy.")
  private @Nullable String named;

  private final Console console;

  PolicyTestCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (named != null && options.policy != null) {
      throw new UserException(
          "two policies, " + named + " and " + options.policy + "; name the one to test");
    }
    options.policy = named == null ? options.policy : named;
    try (Guard guard = options.open()) {
      Policy policy = guard.policy();
      List<Example> examples = new ArrayList<>();
      policy.categories().stream().map(Category::examples).forEach(examples::addAll);
      int all = examples.size();
      examples.removeAll(policy.demonstrations());
      if (examples.isEmpty()) {
        throw new UserException(
            "policy "
                + policy.id()
                + " has no examples to judge ("
                + all
                + " in all, "
                + policy.demonstrations().size()
                + " of them demonstrations); add 'examples' to its categories, or lower"
                + " 'few_shot_tokens'");
      }
      List<Conversation> conversations = examples.stream().map(Example::conversation).toList();
      List<Verdict> verdicts = guard.checkAll(conversations);
      int right = 0;
      for (int i = 0; i < examples.size(); i++) {
        if (isAsStated(examples.get(i), verdicts.get(i))) {
          right++;
        } else {
          console.out().println(line(examples.get(i), verdicts.get(i)));
        }
      }
      console
          .out()
          .println(
              right
                  + " of "
                  + examples.size()
                  + " examples as the policy says"
                  + (all == examples.size() ? "" : "; the rest are demonstrations"));
      return right == examples.size() ? ExitCodes.SAFE : ExitCodes.UNSAFE;
    }
  }

  private static boolean isAsStated(Example example, Verdict verdict) {
    return switch (verdict) {
      case Verdict.Safe safe -> example.isSafe();
      case Verdict.Unsafe unsafe -> !example.isSafe();
      case Verdict.Unreadable unreadable -> false;
    };
  }

  private static String line(Example example, Verdict verdict) {
    String text = example.conversation().last().text().replaceAll("\\s+", " ");
    String got =
        switch (verdict) {
          case Verdict.Safe safe -> String.format(Locale.ROOT, "safe %.3f", safe.score());
          case Verdict.Unsafe unsafe ->
              String.format(
                  Locale.ROOT,
                  "unsafe %.3f %s",
                  unsafe.score(),
                  unsafe.categories().stream().map(CategoryScore::code).toList());
          case Verdict.Unreadable unreadable -> "unreadable (" + unreadable.reason() + ")";
        };
    return String.format(
        Locale.ROOT,
        "expected %s, got %s: %s",
        example.isSafe() ? "safe" : "unsafe " + example.codes(),
        got,
        text.length() <= SHOWN_CHARACTERS ? text : text.substring(0, SHOWN_CHARACTERS) + "...");
  }
}
