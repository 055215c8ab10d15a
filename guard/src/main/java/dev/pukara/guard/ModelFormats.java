package dev.pukara.guard;

import dev.pukara.model.ModelFile;

/** Which prompt format a model file was made for. */
final class ModelFormats {
  /** Key of our own GGUF metadata. */
  static final String KEY = "pukara.format";

  private ModelFormats() {}

  static PromptFormat of(ModelFile file) {
    Object stated = file.metadata().get(KEY);
    if (stated instanceof String id) {
      return PromptFormats.find(id);
    }
    String template = file.chatTemplate().orElse("");
    if (template.contains("UNSAFE CONTENT CATEGORIES")) {
      return PromptFormats.find(llamaGuard(template));
    }
    if (template.contains("<|im_start|>") || file.tokenizer().tokens().contains("<|im_start|>")) {
      return PromptFormats.find("chatml");
    }
    throw new PolicyException(
        file.path()
            + ": neither '"
            + KEY
            + "' nor the chat template tells the prompt format; choose one with --format ("
            + String.join(", ", PromptFormats.ids())
            + ")");
  }

  private static String llamaGuard(String template) {
    if (template.contains("[INST]")) {
      return template.contains("S1:") ? "llama-guard-2" : "llama-guard-1";
    }
    return template.contains("excluded_category_keys") ? "llama-guard-3-1b" : "llama-guard-3-8b";
  }
}
