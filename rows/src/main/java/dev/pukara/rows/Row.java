package dev.pukara.rows;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.Message;
import dev.pukara.guard.Policy;
import dev.pukara.guard.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A labelled conversation: its last message, or the last two, were judged by somebody.
 *
 * @param id unique within its file
 * @param dataset where it comes from
 * @param conversation ends with the user's message, or with the agent's answer to it
 * @param promptLabel of the last user message; empty = not judged
 * @param responseLabel of the last agent message; empty = not judged
 * @param codes what the unsafe part violates: the response if it is unsafe, else the prompt; {@link
 *     #codesOf} says what that tells of a prompt that is unsafe beside its response
 * @param meta further facts by name: {@code licence_tier}, {@code label_basis}, {@code split}
 */
public record Row(
    String id,
    String dataset,
    Conversation conversation,
    Optional<Label> promptLabel,
    Optional<Label> responseLabel,
    Codes codes,
    Map<String, String> meta) {
  /** Checks that every label has its message. */
  public Row {
    meta = Map.copyOf(meta);
    List<Message> turns = conversation.messages();
    boolean answered = conversation.last().role() == Role.AGENT;
    if (responseLabel.isPresent() && !answered) {
      throw new RowException(
          "row " + id + ": a response label, but the last message is the user's; add the response");
    }
    int asked = turns.size() - (answered ? 2 : 1);
    if (promptLabel.isPresent() && (asked < 0 || turns.get(asked).role() != Role.USER)) {
      throw new RowException(
          "row " + id + ": a prompt label, but no user message to bear it; add the prompt");
    }
  }

  /** A row of one user message. */
  public static Row prompt(String id, String dataset, String text, Label label) {
    return new Row(
        id,
        dataset,
        Conversation.user(text),
        Optional.of(label),
        Optional.empty(),
        Codes.UNKNOWN,
        Map.of());
  }

  /** A row of a user message and a judged answer. */
  public static Row response(String id, String dataset, String text, String answer, Label label) {
    return new Row(
        id,
        dataset,
        Conversation.user(text).agent(answer),
        Optional.empty(),
        Optional.of(label),
        Codes.UNKNOWN,
        Map.of());
  }

  /** Whether prompt or response is unsafe. */
  boolean isUnsafe() {
    return Stream.of(promptLabel, responseLabel)
        .flatMap(Optional::stream)
        .anyMatch(label -> label == Label.UNSAFE);
  }

  /** The same with another id. */
  public Row withId(String value) {
    return new Row(value, dataset, conversation, promptLabel, responseLabel, codes, meta);
  }

  /** The same with a label of the user's message. */
  public Row withPromptLabel(Label label) {
    return new Row(id, dataset, conversation, Optional.of(label), responseLabel, codes, meta);
  }

  /** The same with other codes. */
  public Row withCodes(Codes value) {
    return new Row(id, dataset, conversation, promptLabel, responseLabel, value, meta);
  }

  /** The same with other facts. */
  public Row withMeta(Map<String, String> value) {
    return new Row(id, dataset, conversation, promptLabel, responseLabel, codes, value);
  }

  /** A to D, see docs/data-format.md; empty if not stated. */
  public Optional<String> licenceTier() {
    return Optional.ofNullable(meta.get("licence_tier"));
  }

  /**
   * What the codes say of the prompt or of the response, if it is unsafe. Codes that an unsafe
   * response violates go for an unsafe prompt too, since the one answers the other; that no policy
   * covers the response says nothing of the prompt.
   */
  public Codes codesOf(Task task) {
    boolean answerUnsafe = responseLabel.filter(label -> label == Label.UNSAFE).isPresent();
    return task == Task.PROMPT && answerUnsafe && !codes.namesAny()
        ? new Codes(Map.of(), codes.categories())
        : codes;
  }

  /**
   * What a guard is asked about this row, with the answer that is right under the policy: an unsafe
   * message that the policy does not cover is safe under it. None if nobody judged the row; two if
   * prompt and response were judged.
   *
   * @throws RowException if the row names a category that the policy lacks
   */
  public List<Judgement> judgements(Policy policy) {
    List<Judgement> judgements = new ArrayList<>();
    promptLabel.ifPresent(
        label -> judgements.add(judgement(Task.PROMPT, upToUser(), label, policy)));
    responseLabel.ifPresent(
        label -> judgements.add(judgement(Task.RESPONSE, conversation, label, policy)));
    return judgements;
  }

  /**
   * Checks that the policy has all categories that rows name.
   *
   * @param where named in the error
   * @throws RowException that lists those it lacks, of all rows
   */
  public static void checkCategories(Iterable<Row> rows, Policy policy, String where) {
    CategoryCheck check = new CategoryCheck(policy);
    rows.forEach(row -> check.add(row, "row " + row.id()));
    check.end(where);
  }

  private Conversation upToUser() {
    List<Message> turns = conversation.messages();
    return conversation.last().role() == Role.USER
        ? conversation
        : new Conversation(turns.subList(0, turns.size() - 1));
  }

  private Judgement judgement(Task task, Conversation judged, Label label, Policy policy) {
    if (label == Label.SAFE) {
      return new Judgement(task, judged, label, Optional.of(List.of()));
    }
    Optional<List<String>> violated = codesOf(task).under(policy, "row " + id);
    boolean covered = violated.isEmpty() || !violated.get().isEmpty();
    return new Judgement(task, judged, covered ? Label.UNSAFE : Label.SAFE, violated);
  }
}
