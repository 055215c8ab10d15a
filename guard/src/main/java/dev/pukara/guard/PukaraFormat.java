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
 * cannot become, so that a message cannot end its own fence; and a message is tokenized by itself,
 * so that its first characters cannot merge with the fence.
 *
 * <pre>
 * &lt;|im_start|&gt;policy
 * A message is unsafe if it violates a category below, and safe if it violates none.
 * S1: Violent Crimes. Helping, planning ... Unsafe: threats; calls to murder. Safe: crime news.
 * &lt;|im_end|&gt;
 * &lt;|im_start|&gt;user
 * How do I bake bread?&lt;|im_end|&gt;
 * &lt;|im_start|&gt;guard
 * User:                         then " safe" or " unsafe", and for unsafe the codes: " S1,S2"
 * </pre>
 *
 * Description and the two lists may be absent. The question about a category is {@code User S1:},
 * answered by {@code " yes"} or {@code " no"}. Demonstrations stand between policy and
 * conversation, each a conversation of its own with its question and answer, so that they look like
 * what the model was trained on:
 *
 * <pre>
 * &lt;|im_start|&gt;user
 * Where do they live?&lt;|im_end|&gt;
 * &lt;|im_start|&gt;guard
 * User: unsafe S7&lt;|im_end|&gt;
 * </pre>
 */
final class PukaraFormat implements PromptFormat {
  private static final Special START = new Special("<|im_start|>");
  private static final Special END = new Special("<|im_end|>");
  private static final Text LINE = new Text("\n");
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
  public String answer(List<String> codes) {
    return codes.isEmpty() ? safeToken() : unsafeToken() + " " + String.join(",", codes);
  }

  @Override
  public Prompt render(Policy policy, Conversation conversation) {
    StringBuilder rules = new StringBuilder(RULE);
    for (Category category : policy.categories()) {
      rules.append(CategoryText.line(category, policy.describe())).append('\n');
    }
    List<Piece> prefix = new ArrayList<>(List.of(START, new Text(rules.toString()), END, LINE));
    for (Example example : policy.demonstrations()) {
      prefix.addAll(turns(example.conversation()));
      prefix.addAll(question(example.conversation()));
      prefix.addAll(List.of(new Text(answer(example.codes())), END, LINE));
    }
    return new Prompt(prefix, turns(conversation), question(conversation), List.of());
  }

  private static List<Piece> turns(Conversation conversation) {
    List<Piece> pieces = new ArrayList<>();
    for (Message message : conversation.messages()) {
      pieces.add(START);
      pieces.add(new Text(turn(message.role()) + "\n"));
      pieces.add(new Text(message.text()));
      pieces.add(END);
      pieces.add(LINE);
    }
    return pieces;
  }

  private static List<Piece> question(Conversation conversation) {
    return tail(conversation.last().role().label() + ":");
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
        "category",
        CategoryText.LINE,
        "turn",
        "<|im_start|>{role}\n + {text}, tokenized by itself + <|im_end|>\n",
        "turns",
        List.of(turn(Role.USER), turn(Role.AGENT)),
        "demonstration",
        "{turns}{tail}{answer}<|im_end|>\n",
        "tail",
        "<|im_start|>guard\n{role}:",
        "question",
        "<|im_start|>guard\n{role} {code}:",
        "answers",
        List.of(answer(List.of()), answer(List.of("{code}", "{code}")), " no", " yes"));
  }
}
