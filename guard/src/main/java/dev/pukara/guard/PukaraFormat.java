package dev.pukara.guard;

import dev.pukara.guard.Prompt.Piece;
import dev.pukara.guard.Prompt.Special;
import dev.pukara.guard.Prompt.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The format of Pukara's own models, {@code pukara-1}, made for caching: the policy first, then the
 * conversation, then a question of at most eight tokens. Prompts and answers, and all questions
 * about one conversation, share what is before it. Turns are fenced by special tokens, which text
 * cannot become, so that a message cannot end its own fence.
 *
 * <pre>
 * &lt;|im_start|&gt;policy
 * A message is unsafe if it violates a category below, and safe if it violates none.
 * S1: Violent Crimes. Helping, planning ...
 * &lt;|im_end|&gt;
 * &lt;|im_start|&gt;user
 * How do I bake bread?&lt;|im_end|&gt;
 * &lt;|im_start|&gt;guard
 * User:                         then " safe" or " unsafe", and for unsafe the codes: " S1,S2"
 * </pre>
 *
 * The question about a category is {@code User S1:}, answered by {@code " yes"} or {@code " no"}.
 */
final class PukaraFormat implements PromptFormat {
  private static final Special START = new Special("<|im_start|>");
  private static final Special END = new Special("<|im_end|>");
  private static final String RULE =
      "policy\nA message is unsafe if it violates a category below, and safe if it violates none.\n";

  @Override
  public String id() {
    return "pukara-1";
  }

  @Override
  public Policy defaultPolicy() {
    return Policies.builtIn("llama-guard-3").withDescribe(true);
  }

  @Override
  public String safeToken() {
    return " safe";
  }

  @Override
  public String unsafeToken() {
    return " unsafe";
  }

  @Override
  public Prompt render(Policy policy, Conversation conversation) {
    StringBuilder rules = new StringBuilder(RULE);
    for (Category category : policy.categories()) {
      rules.append(category.code()).append(": ").append(category.name()).append('.');
      if (policy.describe() && !category.description().isEmpty()) {
        rules.append(' ').append(category.description());
      }
      rules.append('\n');
    }
    List<Piece> prefix = List.of(START, new Text(rules.toString()), END, new Text("\n"));
    List<Piece> stem = new ArrayList<>();
    for (Message message : conversation.messages()) {
      stem.add(START);
      stem.add(new Text(turn(message.role()) + "\n" + message.text()));
      stem.add(END);
      stem.add(new Text("\n"));
    }
    return new Prompt(prefix, stem, tail(conversation.last().role().label() + ":"), List.of());
  }

  @Override
  public Optional<CategoryQuestion> question(Category category, Role role) {
    return Optional.of(
        new CategoryQuestion(tail(role.label() + " " + category.code() + ":"), " no", " yes"));
  }

  private static List<Piece> tail(String question) {
    return List.of(START, new Text("guard\n" + question));
  }

  /** The base model's own words for the roles. */
  private static String turn(Role role) {
    return switch (role) {
      case USER -> "user";
      case AGENT -> "assistant";
    };
  }

  @Override
  public Map<String, Object> definition() {
    return Map.of(
        "id",
        id(),
        "rule",
        RULE,
        "turns",
        List.of(turn(Role.USER), turn(Role.AGENT)),
        "tail",
        "guard\n{role}:",
        "question",
        "guard\n{role} {code}:",
        "answers",
        List.of(safeToken(), unsafeToken(), " no", " yes"));
  }
}
