package dev.pukara.guard;

import dev.pukara.model.ModelFile;
import dev.pukara.model.TokenizerSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What a template needs of the model that it came with.
 *
 * @param file named in errors
 * @param template its Jinja source
 * @param specials names of the special tokens, longest first
 * @param bos name of the begin-of-text token; empty if there is none
 * @param eos name of the end token; empty if there is none
 * @param addBos true if the tokenizer puts {@code bos} before a prompt
 * @param safe text of the token that says safe
 * @param unsafe text of the token that says unsafe
 * @param lead what the model writes before its answer
 */
record TemplateModel(
    String file,
    String template,
    List<String> specials,
    String bos,
    String eos,
    boolean addBos,
    String safe,
    String unsafe,
    String lead) {
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;

  /**
   * The template in a model file. The answer tokens are those that the file states; else the words
   * themselves where the template ends with white space or a header, which the model closes with a
   * blank line (Llama 3), and the words behind a blank where it ends with text ({@code [/INST]}).
   */
  static TemplateModel of(ModelFile file) {
    String template =
        file.chatTemplate()
            .orElseThrow(
                () ->
                    new PolicyException(
                        file.path() + ": has no chat template; choose a format with --format"));
    TokenizerSpec spec = file.tokenizer();
    List<String> specials = new ArrayList<>();
    for (int i = 0; i < spec.types().length; i++) {
      if (spec.types()[i] == CONTROL || spec.types()[i] == USER_DEFINED) {
        specials.add(spec.tokens().get(i));
      }
    }
    specials.sort(Comparator.comparingInt(String::length).reversed());
    String end = template.stripTrailing();
    boolean header = template.contains("<|end_header_id|>");
    boolean text = !header && end.contains("[/INST]");
    GuardMetadata stated = GuardMetadata.of(file);
    String before = text ? " " : "";
    return new TemplateModel(
        file.path().toString(),
        template,
        List.copyOf(specials),
        name(spec, spec.bos()),
        name(spec, spec.eos()),
        spec.addBos() && spec.bos() >= 0,
        stated.safe().orElse(before + "safe"),
        stated.unsafe().orElse(before + "unsafe"),
        header ? "\n\n" : "");
  }

  private static String name(TokenizerSpec spec, int id) {
    return id < 0 ? "" : spec.tokens().get(id);
  }
}
