package dev.pukara.guard;

import dev.pukara.guard.Prompt.Piece;
import dev.pukara.guard.Prompt.Special;
import dev.pukara.guard.Prompt.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The conversation itself, for a guard model whose chat template a server renders (Llama Guard 4):
 * the template brings the policy. A prompt is a role as a special piece and its text, turn by turn;
 * user and assistant alternate ({@link Conversation#alternating}).
 */
final class ServerFormat implements PromptFormat {
  private static final String ID = "server";

  /** Llama Guard 4's categories are those of Llama Guard 3. */
  private final Policy own =
      new Policy(
          ID,
          "1",
          "The policy in the server's chat template",
          Policies.find("llama-guard-3").categories(),
          false);

  @Override
  public String id() {
    return ID;
  }

  @Override
  public Policy defaultPolicy() {
    return own;
  }

  @Override
  public String safeToken() {
    return "safe";
  }

  @Override
  public String unsafeToken() {
    return "unsafe";
  }

  @Override
  public boolean carries(Policy policy) {
    return policy.promptDigest().equals(own.promptDigest());
  }

  @Override
  public String answer(List<String> codes) {
    return codes.isEmpty() ? safeToken() : unsafeToken() + "\n" + String.join(",", codes);
  }

  @Override
  public Prompt render(Policy policy, Conversation conversation) {
    if (!carries(policy)) {
      throw new PolicyException(
          "the server's chat template brings its own policy and cannot carry "
              + policy.id()
              + "; leave the policy out, or ask for completions");
    }
    List<Piece> turns = new ArrayList<>();
    for (Message message : conversation.alternating().messages()) {
      turns.add(new Special(message.role() == Role.USER ? "user" : "assistant"));
      turns.add(new Text(message.text()));
    }
    return new Prompt(List.of(), turns, List.of(), List.of());
  }

  @Override
  public Map<String, Object> definition() {
    return Map.of("id", ID, "answers", List.of(safeToken(), unsafeToken()));
  }
}
