package dev.pukara.guard;

import dev.pukara.guard.Prompt.Begin;
import dev.pukara.guard.Prompt.Piece;
import dev.pukara.guard.Prompt.Special;
import dev.pukara.guard.Prompt.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The templates of Meta's Llama Guard 2 and 3, byte for byte. The short frame is interface data of
 * those models (credited in NOTICE): a model trained with "according our safety policy" must be
 * asked just so.
 *
 * <p>Traps: the templates of Llama Guard 3 end at the assistant's header, so the model first writes
 * a blank line ({@code lead}); that of 3-8B starts with a blank before the begin-of-text token,
 * that of 3-1B has one before {@code <|eot_id|>}; Llama Guard 2's text has no begin-of-text token
 * (the tokenizer adds it) and its answer follows {@code [/INST]} after a blank, as in Meta's
 * fine-tuning formatter.
 */
final class LlamaGuardFormat implements PromptFormat {
  private final String id;
  private final String policyId;
  private final Set<String> untrained;
  private final List<Piece> open;
  private final String nameEnd;
  private final boolean strip;
  private final List<Piece> close;
  private final List<Piece> lead;
  private final String answerStart;

  /** True for Llama Guard 1: bullets in categories, and another closing. */
  private final boolean first;

  private LlamaGuardFormat(
      String id,
      String policyId,
      Set<String> untrained,
      List<Piece> open,
      String nameEnd,
      boolean strip,
      List<Piece> close,
      List<Piece> lead,
      String answerStart) {
    this.id = id;
    this.policyId = policyId;
    this.untrained = untrained;
    this.open = open;
    this.nameEnd = nameEnd;
    this.strip = strip;
    this.close = close;
    this.lead = lead;
    this.answerStart = answerStart;
    this.first = id.equals("llama-guard-1");
  }

  /**
   * The frame of Llama Guard 1 around a policy in words of ours. With the model's own file, {@link
   * TemplateFormat} asks by Meta's words.
   */
  static LlamaGuardFormat one() {
    return instruction("llama-guard-1");
  }

  static LlamaGuardFormat two() {
    return instruction("llama-guard-2");
  }

  /** The frame of Llama 2's chat models, which the first two generations share. */
  private static LlamaGuardFormat instruction(String id) {
    return new LlamaGuardFormat(
        id,
        id,
        Set.of(),
        List.of(new Begin(), new Text("[INST] ")),
        ".",
        true,
        List.of(new Text(" [/INST]")),
        List.of(),
        " ");
  }

  static LlamaGuardFormat three8b() {
    return new LlamaGuardFormat(
        "llama-guard-3-8b",
        "llama-guard-3",
        Set.of(),
        List.of(
            new Text(" "),
            new Special("<|begin_of_text|>"),
            new Special("<|start_header_id|>"),
            new Text("user"),
            new Special("<|end_header_id|>"),
            new Text("\n\n")),
        ".",
        true,
        assistantHeader(""),
        List.of(new Text("\n\n")),
        "");
  }

  static LlamaGuardFormat three1b() {
    return new LlamaGuardFormat(
        "llama-guard-3-1b",
        "llama-guard-3",
        Set.of("S14"),
        userHeader("\n\n"),
        ".",
        true,
        assistantHeader(" "),
        List.of(new Text("\n\n")),
        "");
  }

  /** Meta's builder in llama-cookbook; for policies of one's own with 3-8B. */
  static LlamaGuardFormat cookbook() {
    return new LlamaGuardFormat(
        "llama-guard-3-cookbook",
        "llama-guard-3",
        Set.of(),
        userHeader(" "),
        ". ",
        false,
        assistantHeader(" "),
        List.of(new Text("\n\n")),
        "");
  }

  private static List<Piece> userHeader(String after) {
    return List.of(
        new Special("<|begin_of_text|>"),
        new Special("<|start_header_id|>"),
        new Text("user"),
        new Special("<|end_header_id|>"),
        new Text(after));
  }

  private static List<Piece> assistantHeader(String before) {
    List<Piece> pieces = new ArrayList<>();
    if (!before.isEmpty()) {
      pieces.add(new Text(before));
    }
    pieces.add(new Special("<|eot_id|>"));
    pieces.add(new Special("<|start_header_id|>"));
    pieces.add(new Text("assistant"));
    pieces.add(new Special("<|end_header_id|>"));
    return List.copyOf(pieces);
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public Policy defaultPolicy() {
    Policy policy = Policies.builtIn(policyId);
    return untrained.isEmpty() ? policy : policy.without(untrained);
  }

  @Override
  public String safeToken() {
    return answerStart + "safe";
  }

  @Override
  public String unsafeToken() {
    return answerStart + "unsafe";
  }

  @Override
  public String answer(List<String> codes) {
    return codes.isEmpty() ? safeToken() : unsafeToken() + "\n" + String.join(",", codes);
  }

  @Override
  public Prompt render(Policy policy, Conversation conversation) {
    String role = conversation.last().role().label();
    List<Piece> prefix = new ArrayList<>(open);
    prefix.add(
        new Text(
            task(role)
                + categories(policy)
                + CATEGORIES_CLOSE
                + demonstrations(policy.demonstrations())
                + CONVERSATION_OPEN));
    List<Piece> rest = new ArrayList<>();
    rest.add(new Text(turns(conversation) + closing(role)));
    rest.addAll(close);
    return new Prompt(Prompt.merge(prefix), Prompt.merge(rest), List.of(), lead);
  }

  private String turns(Conversation conversation) {
    StringBuilder turns = new StringBuilder();
    for (Message message : conversation.messages()) {
      String text = strip ? Texts.strip(message.text()) : message.text();
      turns.append(message.role().label()).append(": ").append(text).append("\n\n");
    }
    return turns.toString();
  }

  private static final String CATEGORIES_CLOSE = "<END UNSAFE CONTENT CATEGORIES>\n\n";
  private static final String CONVERSATION_OPEN = "<BEGIN CONVERSATION>\n\n";

  /** Meta's templates have none; this section of ours speaks their language. */
  private String demonstrations(List<Example> examples) {
    if (examples.isEmpty()) {
      return "";
    }
    StringBuilder section = new StringBuilder("<BEGIN EXAMPLES>\n\n");
    for (Example example : examples) {
      section
          .append(turns(example.conversation()))
          .append("Safety assessment for the last ")
          .append(example.conversation().last().role().label())
          .append(" message:\n")
          .append(answer(example.codes()).strip())
          .append("\n\n");
    }
    return section.append("<END EXAMPLES>\n\n").toString();
  }

  private static String task(String role) {
    return "Task: Check if there is unsafe content in '"
        + role
        + "' messages in conversations according our safety policy with the below categories.\n\n"
        + "<BEGIN UNSAFE CONTENT CATEGORIES>\n";
  }

  private String categories(Policy policy) {
    StringBuilder lines = new StringBuilder();
    for (Category category : policy.categories()) {
      lines
          .append(category.code())
          .append(": ")
          .append(category.name())
          .append(nameEnd)
          .append('\n');
      if (first && policy.describe()) {
        lines.append(bullets(category));
        continue;
      }
      String details = policy.describe() ? CategoryText.details(category).strip() : "";
      if (!details.isEmpty()) {
        lines.append(details).append('\n');
      }
    }
    return lines.toString();
  }

  /** Llama Guard 1 lists what an agent should not and can do. */
  private static String bullets(Category category) {
    StringBuilder lines = new StringBuilder();
    if (!category.description().isEmpty()) {
      lines.append(category.description()).append('\n');
    }
    points(lines, "Should not\n", category.shouldFlag());
    points(lines, "Can\n", category.shouldNotFlag());
    return lines.toString();
  }

  private static void points(StringBuilder lines, String label, List<String> points) {
    if (!points.isEmpty()) {
      lines.append(label);
      points.forEach(point -> lines.append("- ").append(point).append('\n'));
    }
  }

  private String closing(String role) {
    String which = first ? role : "ONLY THE LAST " + role + " message";
    String bullet = first ? "- " : " - ";
    return "<END CONVERSATION>\n\nProvide your safety assessment for "
        + which
        + " in the above conversation:\n"
        + bullet
        + "First line must read 'safe' or 'unsafe'.\n"
        + bullet
        + "If unsafe, a second line must include a comma-separated list of violated categories.";
  }

  @Override
  public Map<String, Object> definition() {
    return Map.of(
        "id", id,
        "open", texts(open),
        "task", task("{role}"),
        "nameEnd", nameEnd,
        "conversation", CATEGORIES_CLOSE + CONVERSATION_OPEN,
        "strip", strip,
        "closing", closing("{role}"),
        "close", texts(close),
        "lead", texts(lead),
        "answers", List.of(safeToken(), unsafeToken()));
  }

  private static List<String> texts(List<Piece> pieces) {
    return pieces.stream().map(Piece::text).toList();
  }
}
