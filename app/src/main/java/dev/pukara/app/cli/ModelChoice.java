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
    if (told.isEmpty()) {
      return Guard.formatOf(options.modelPath());
    }
    // A format that a model's file knows is asked of that file; the bundled guard has one of its
    // own.
    return options.namedModel().isPresent()
        ? Guard.formatOf(options.modelPath(), told.get())
        : PromptFormats.find(told.get());
  }
}
