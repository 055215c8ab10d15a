package dev.pukara.guard;

import dev.pukara.guard.Prompt.Begin;
import dev.pukara.guard.Prompt.Piece;
import dev.pukara.guard.Prompt.Special;
import dev.pukara.guard.Prompt.Text;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Asks a guard model by the chat template in its own file, so that prompts are the template's byte
 * for byte and its policy text need not be ours. The template is rendered with marks in place of
 * the messages; special tokens are looked for in its text only, and the messages are put in
 * afterwards.
 *
 * <p>A template that takes {@code categories} (Llama Guard 3-1B) carries any policy. One that does
 * not (Llama Guard 1) carries its own; another policy is asked in a frame of ours if there is one.
 */
final class TemplateFormat implements PromptFormat {
  private static final int KEPT_MAX = 256;

  private final String id;
  private final TemplateModel model;
  private final ChatTemplate template;
  private final Optional<PromptFormat> frame;
  private final Policy own;
  private final boolean takesCategories;
  private final boolean contentIsList;

  /** Rendered once per policy and sequence of roles. */
  private final Map<List<Object>, TemplateFrame> kept = new ConcurrentHashMap<>();

  /**
   * @param frame asks by policies that the template cannot carry
   * @param own the policy in the template; empty = its categories are read from its text
   */
  TemplateFormat(
      String id, TemplateModel model, Optional<PromptFormat> frame, Optional<Policy> own) {
    this.id = id;
    this.model = model;
    this.template = new ChatTemplate(model.template(), model.file());
    this.frame = frame;
    Conversation probe = Conversation.user("");
    this.contentIsList = !TemplateFrame.hasMark(render(probe, false, Map.of()), 0);
    String plain = render(probe, contentIsList, Map.of());
    if (!TemplateFrame.hasMark(plain, 0)) {
      throw new PolicyException(
          model.file()
              + ": the chat template drops the user's message; choose a built-in format with --format");
    }
    this.takesCategories =
        render(probe, contentIsList, Map.of("Z9", "Probe.")).contains("Z9: Probe.");
    this.own = own.orElseGet(() -> TemplateFrame.policyOf(plain));
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public Policy defaultPolicy() {
    return own;
  }

  @Override
  public String safeToken() {
    return model.safe();
  }

  @Override
  public String unsafeToken() {
    return model.unsafe();
  }

  @Override
  public String answer(List<String> codes) {
    return codes.isEmpty() ? safeToken() : unsafeToken() + "\n" + String.join(",", codes);
  }

  @Override
  public boolean carries(Policy policy) {
    return isOwn(policy)
        || frame.isPresent()
        || (takesCategories && policy.demonstrations().isEmpty());
  }

  private boolean isOwn(Policy policy) {
    return policy.promptDigest().equals(own.promptDigest());
  }

  @Override
  public Prompt render(Policy policy, Conversation conversation) {
    if (!isOwn(policy) && !(takesCategories && policy.demonstrations().isEmpty())) {
      return frame
          .orElseThrow(
              () ->
                  new PolicyException(
                      model.file()
                          + ": the chat template carries its own policy and cannot carry "
                          + policy.id()
                          + "; leave the policy out, or choose a format with --format"))
          .render(policy, conversation);
    }
    if (kept.size() > KEPT_MAX) {
      kept.clear();
    }
    Conversation turns = conversation.alternating();
    List<Role> roles = turns.messages().stream().map(Message::role).toList();
    return kept.computeIfAbsent(List.of(policy.promptDigest(), roles), key -> frame(policy, roles))
        .fill(turns, model.lead());
  }

  private TemplateFrame frame(Policy policy, List<Role> roles) {
    Conversation blank =
        new Conversation(roles.stream().map(role -> new Message(role, "")).toList());
    String text = render(blank, contentIsList, isOwn(policy) ? Map.of() : categories(policy));
    for (int i = 0; i < roles.size(); i++) {
      if (!TemplateFrame.hasMark(text, i)) {
        throw new PolicyException(
            model.file() + ": the chat template drops message " + (i + 1) + " of " + roles.size());
      }
    }
    return TemplateFrame.of(text, model);
  }

  private static Map<String, String> categories(Policy policy) {
    Map<String, String> categories = new LinkedHashMap<>();
    for (Category category : policy.categories()) {
      String details = policy.describe() ? CategoryText.details(category).strip() : "";
      categories.put(
          category.code(), category.name() + "." + (details.isEmpty() ? "" : "\n" + details));
    }
    return categories;
  }

  private String render(Conversation conversation, boolean list, Map<String, String> categories) {
    List<Map<String, Object>> messages = new ArrayList<>();
    for (Message message : conversation.messages()) {
      String mark = TemplateFrame.mark(messages.size());
      Object content = list ? List.of(Map.of("type", "text", "text", mark)) : mark;
      messages.add(
          Map.of("role", message.role() == Role.USER ? "user" : "assistant", "content", content));
    }
    Map<String, Object> variables = new LinkedHashMap<>();
    variables.put("messages", messages);
    variables.put("bos_token", model.bos());
    variables.put("eos_token", model.eos());
    variables.put("add_generation_prompt", true);
    if (!categories.isEmpty()) {
      variables.put("categories", categories);
    }
    return template.render(variables);
  }

  @Override
  public Map<String, Object> definition() {
    return Map.of(
        "id", id,
        "template", model.template(),
        "lead", model.lead(),
        "frame", frame.<Object>map(PromptFormat::definition).orElse(""),
        "answers", List.of(safeToken(), unsafeToken()));
  }

  /** Begin-of-text where the template's text does not show it but the tokenizer adds it. */
  static List<Piece> begin(String text, TemplateModel model) {
    return model.addBos() && !text.stripLeading().startsWith(model.bos())
        ? List.of(new Begin())
        : List.of();
  }

  /** Text with the special tokens in it as pieces. */
  static List<Piece> pieces(String text, List<String> specials) {
    List<Piece> pieces = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < text.length(); ) {
      int at = i;
      Optional<String> special = specials.stream().filter(s -> text.startsWith(s, at)).findFirst();
      if (special.isEmpty()) {
        i++;
        continue;
      }
      if (start < i) {
        pieces.add(new Text(text.substring(start, i)));
      }
      pieces.add(new Special(special.get()));
      i += special.get().length();
      start = i;
    }
    if (start < text.length()) {
      pieces.add(new Text(text.substring(start)));
    }
    return pieces;
  }
}
