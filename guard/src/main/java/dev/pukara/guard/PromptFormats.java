package dev.pukara.guard;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The prompt formats by name. */
public final class PromptFormats {
  /** The format that renders the chat template in the model file; it needs the file. */
  public static final String TEMPLATE = "template";

  private static final Map<String, PromptFormat> ALL = new LinkedHashMap<>();

  static {
    for (PromptFormat format :
        List.of(
            new PukaraFormat(),
            LlamaGuardFormat.one(),
            LlamaGuardFormat.two(),
            LlamaGuardFormat.three8b(),
            LlamaGuardFormat.three1b(),
            LlamaGuardFormat.cookbook(),
            new ChatMlFormat())) {
      ALL.put(format.id(), format);
    }
  }

  private PromptFormats() {}

  /**
   * The conversation itself, for servers that are asked with {@link
   * dev.pukara.guard.remote.RemoteApi#MESSAGES}.
   */
  public static PromptFormat ofServer() {
    return new ServerFormat();
  }

  /** Names of all formats. */
  public static List<String> ids() {
    return List.copyOf(ALL.keySet());
  }

  /**
   * The format of that name.
   *
   * @throws PolicyException if there is none
   */
  public static PromptFormat find(String id) {
    if (id.equals(TEMPLATE)) {
      throw new PolicyException(
          "the format 'template' is made from a model file; open one with Guard.formatOf or --model");
    }
    PromptFormat format = ALL.get(id);
    if (format == null) {
      throw new PolicyException(
          "no prompt format '" + id + "'; known are " + String.join(", ", ALL.keySet()));
    }
    return format;
  }
}
