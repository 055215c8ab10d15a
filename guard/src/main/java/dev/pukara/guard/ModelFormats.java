package dev.pukara.guard;

import dev.pukara.model.ModelFile;
import java.util.Optional;

/** Which prompt format a model file was made for. */
final class ModelFormats {
  private ModelFormats() {}

  /** As the options say, else as the policy says, else as the model file says. */
  static PromptFormat choose(GuardOptions options, ModelFile file) {
    return options
        .format()
        .or(() -> ofPolicy(options).map(id -> named(id, file)))
        .orElseGet(() -> of(file));
  }

  /** As the options say, else as the policy says; without a model file. */
  static Optional<PromptFormat> told(GuardOptions options) {
    return options.format().or(() -> ofPolicy(options).map(PromptFormats::find));
  }

  private static Optional<String> ofPolicy(GuardOptions options) {
    return options.policy().flatMap(policy -> policy.settings().format());
  }

  static PromptFormat of(ModelFile file) {
    Optional<String> stated = GuardMetadata.of(file).format();
    if (stated.isPresent()) {
      return named(stated.get(), file);
    }
    String template = file.chatTemplate().orElse("");
    if (template.contains("UNSAFE CONTENT CATEGORIES")) {
      return named(llamaGuard(template), file);
    }
    if (template.contains("<|im_start|>") || file.tokenizer().tokens().contains("<|im_start|>")) {
      return PromptFormats.find("chatml");
    }
    throw new PolicyException(
        file.path()
            + ": neither '"
            + GuardMetadata.FORMAT
            + "' nor the chat template tells the prompt format; choose one with --format ("
            + String.join(", ", PromptFormats.ids())
            + ")");
  }

  /**
   * A format for this file. Llama Guard 1's policy text stands in its template only; whoever has
   * the file has that.
   */
  static PromptFormat named(String id, ModelFile file) {
    if (id.equals(PromptFormats.TEMPLATE)) {
      return new TemplateFormat(id, TemplateModel.of(file), Optional.empty(), Optional.empty());
    }
    PromptFormat format = PromptFormats.find(id);
    return id.equals("llama-guard-1") && file.chatTemplate().orElse("").contains("[INST]")
        ? new TemplateFormat(
            id, TemplateModel.of(file), Optional.of(format), Optional.of(format.defaultPolicy()))
        : format;
  }

  private static String llamaGuard(String template) {
    if (template.contains("[INST]")) {
      return template.contains("S1:") ? "llama-guard-2" : "llama-guard-1";
    }
    return template.contains("excluded_category_keys") ? "llama-guard-3-1b" : "llama-guard-3-8b";
  }
}
