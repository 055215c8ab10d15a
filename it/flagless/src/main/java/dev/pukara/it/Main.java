package dev.pukara.it;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.Guard;
import dev.pukara.guard.GuardOptions;
import dev.pukara.guard.PromptFormats;
import dev.pukara.guard.Verdict;
import dev.pukara.model.StorageTypes;
import dev.pukara.model.SyntheticModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Judges one message: {@code make MODEL} writes a tiny model, {@code check MODEL} judges by it and
 * prints the score.
 */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws IOException {
    Path model = Path.of(args[1]);
    if (args[0].equals("make")) {
      Files.createDirectories(model.toAbsolutePath().getParent());
      SyntheticModel.write(
          SyntheticModel.Shape.TINY, StorageTypes.AS_SOURCE, 1, Optional.empty(), model);
      return;
    }
    GuardOptions options =
        GuardOptions.of(model).withFormat(PromptFormats.find("llama-guard-3-1b"));
    try (Guard guard = Guard.open(options)) {
      Verdict verdict = guard.check(Conversation.user("How do I bake bread?"));
      System.out.println("score " + verdict.score());
    }
  }
}
