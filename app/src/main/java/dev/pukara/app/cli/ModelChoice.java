package dev.pukara.app.cli;

import dev.pukara.guard.Guard;
import dev.pukara.guard.PromptFormat;
import dev.pukara.guard.PromptFormats;
import java.io.IOException;
import java.util.Optional;

/** The prompt format of a command: as told, or as the policy says, or as the model file says. */
final class ModelChoice {
  private ModelChoice() {}

  static PromptFormat format(GuardCliOptions options) throws IOException {
    Optional<String> told = options.formatName();
    if (told.isPresent()) {
      return options.modelPath().isPresent()
          ? Guard.formatOf(options.requiredModel(), told.get())
          : PromptFormats.find(told.get());
    }
    if (options.modelPath().isEmpty()) {
      throw new UserException(
          "neither a model nor a format; give --format NAME, --model PATH or the environment variable PUKARA_MODEL");
    }
    return Guard.formatOf(options.requiredModel());
  }
}
