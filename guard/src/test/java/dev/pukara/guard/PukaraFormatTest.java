package dev.pukara.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pukara.model.ModelFile;
import dev.pukara.model.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** The format that our own models are trained on: a change here makes them worthless. */
class PukaraFormatTest {
  private static final PromptFormat FORMAT = PromptFormats.find("pukara-1");
  private static final Category FRAUD = new Category("C1", "Fraud", "Cheating people.");
  private static final Category RIVALS =
      new Category(
          "C2",
          "Rivals",
          "",
          List.of("Praise of other shops.", "advice to buy there"),
          List.of("comparing prices"),
          List.of(),
          OptionalDouble.empty(),
          Action.BLOCK);
  private static final Policy POLICY =
      new Policy("p", "1", "P", List.of(FRAUD, RIVALS), true)
          .withDemonstrations(
              List.of(
                  new Example(Conversation.user("Sell fakes?"), List.of("C1", "C2")),
                  new Example(Conversation.user("Cheap?").agent("Yes."), List.of())));

  @Test
  void wholePrompt() {
    Prompt prompt = FORMAT.render(POLICY, Conversation.user("Hi").agent(" Go to Acme.\n"));
    assertThat(prompt.text())
        .isEqualTo(
            """
            <|im_start|>policy
            A message is unsafe if it violates a category below, and safe if it violates none.
            C1: Fraud. Cheating people.
            C2: Rivals. Unsafe: Praise of other shops; advice to buy there. Safe: comparing prices.
            <|im_end|>
            <|im_start|>user
            Sell fakes?<|im_end|>
            <|im_start|>guard
            User: unsafe C1,C2<|im_end|>
            <|im_start|>user
            Cheap?<|im_end|>
            <|im_start|>assistant
            Yes.<|im_end|>
            <|im_start|>guard
            Agent: safe<|im_end|>
            <|im_start|>user
            Hi<|im_end|>
            <|im_start|>assistant
             Go to Acme.
            <|im_end|>
            <|im_start|>guard
            Agent:""");
  }

  @Test
  void userAndAgentShareThePrefix() {
    Conversation user = Conversation.user("Hi");
    assertThat(FORMAT.render(POLICY, user).prefix())
        .isEqualTo(FORMAT.render(POLICY, user.agent("Hello")).prefix());
  }

  @Test
  void namesAlone() {
    assertThat(FORMAT.render(POLICY.withDescribe(false), Conversation.user("Hi")).text())
        .contains("\nC1: Fraud.\nC2: Rivals.\n<|im_end|>");
  }

  @Test
  void definitionIsSettled() {
    assertThat(FORMAT.digest())
        .as("models are trained on this format: change it under another name")
        .isEqualTo("233fd4f0976f7fecbd882b359c03364fd9633df7a4ec812b11b9ebbeee70a06c");
  }

  @Test
  @EnabledIfEnvironmentVariable(
      named = "PUKARA_BASE_MODEL",
      matches = ".+",
      disabledReason = "PUKARA_BASE_MODEL is not set")
  void tailsAreShort() throws IOException {
    try (ModelFile file = ModelFile.open(Path.of(System.getenv("PUKARA_BASE_MODEL")))) {
      PromptEncoder encoder = new PromptEncoder(Tokenizer.of(file.tokenizer()), FORMAT);
      for (Role role : Role.values()) {
        Conversation conversation = Conversation.user("Hi").with(role, "Hello");
        Prompt prompt = FORMAT.render(POLICY, conversation);
        assertThat(encoder.encode(prompt.tail())).hasSizeLessThanOrEqualTo(8);
        Category last = new Category("S14", "Code Interpreter Abuse", "");
        assertThat(encoder.encode(FORMAT.question(last, role).orElseThrow().tail()))
            .hasSizeLessThanOrEqualTo(8);
      }
      encoder.check(Question.message(FORMAT, POLICY, Conversation.user("Hi")));
    }
  }
}
