package dev.pukara.rows;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.Message;
import dev.pukara.guard.Role;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One row as one JSON object: see {@code docs/data-format.md}.
 *
 * <p>{@code prompt} and {@code response}, or {@code turns} ({@code role}, {@code content}) and
 * {@code labelled_turn}; {@code prompt_label}, {@code response_label}; {@code categories}, {@code
 * lg1}, {@code lg2}, {@code lg3}; {@code id}, {@code dataset}, {@code split}, {@code meta}. Other
 * fields are ignored.
 */
final class RowFormat {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Map<String, String> POLICIES = new LinkedHashMap<>();
  private static final Map<String, Set<String>> CODES =
      Map.of("lg1", codes("O", 6), "lg2", codes("S", 11), "lg3", codes("S", 14));

  /** Conversations that 'prompt' and 'response' can tell. */
  private static final Set<List<Role>> PLAIN =
      Set.of(List.of(Role.USER), List.of(Role.AGENT), List.of(Role.USER, Role.AGENT));

  static {
    POLICIES.put("lg1", Codes.LLAMA_GUARD_1);
    POLICIES.put("lg2", Codes.LLAMA_GUARD_2);
    POLICIES.put("lg3", Codes.LLAMA_GUARD_3);
  }

  private RowFormat() {}

  private static Set<String> codes(String letter, int count) {
    return IntStream.rangeClosed(1, count)
        .mapToObj(i -> letter + i)
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /**
   * Reads a line.
   *
   * @param number of the line, from 1; the row's id if it names none
   * @param dataset if the row names none
   */
  static RowLine line(String text, Path file, int number, String dataset) {
    String where = RowLine.where(file, number);
    String id = Integer.toString(number);
    JsonNode json;
    try {
      json = JSON.readTree(text);
    } catch (JacksonException e) {
      String problem =
          where
              + ": "
              + JsonText.problem(e, at -> "not JSON at column " + at.getColumnNr())
              + "; expected one object a line (JSON Lines)";
      return new RowLine.Broken(file, number, id, new RowException(problem, e));
    }
    if (!json.isObject()) {
      String problem = where + ": expected a JSON object, one a line (JSON Lines)";
      return new RowLine.Broken(file, number, id, new RowException(problem));
    }
    try {
      return new RowLine.Sound(file, number, new Fields(json, where).row(dataset, id));
    } catch (RowException e) {
      JsonNode own = json.path("id");
      return new RowLine.Broken(file, number, own.isString() ? own.asString() : id, e);
    }
  }

  /** A row's fields, checked one by one. */
  private record Fields(JsonNode json, String where) {
    Row row(String dataset, String id) {
      Conversation conversation = json.hasNonNull("turns") ? turns() : promptAndResponse();
      boolean answered = conversation.last().role() == Role.AGENT;
      Optional<Label> promptLabel = label("prompt_label");
      Optional<Label> responseLabel = label("response_label");
      if (responseLabel.isPresent() && !answered) {
        throw bad("response_label", "a label", "null, since the judged message is the user's");
      }
      if (promptLabel.isPresent() && answered && !isAnswer(conversation.messages())) {
        throw bad("prompt_label", "a label", "null, since the answer follows no prompt");
      }
      Map<String, List<String>> codes = new HashMap<>();
      POLICIES.forEach((field, policy) -> codes(field).ifPresent(list -> codes.put(policy, list)));
      return new Row(
          text("id").orElse(id),
          text("dataset").orElse(dataset),
          conversation,
          promptLabel,
          responseLabel,
          new Codes(codes, strings("categories").orElse(List.of())),
          meta());
    }

    /** Whether the last message follows one of the user's. */
    private static boolean isAnswer(List<Message> messages) {
      return messages.size() > 1 && messages.get(messages.size() - 2).role() == Role.USER;
    }

    private Conversation promptAndResponse() {
      List<Message> messages = new ArrayList<>();
      text("prompt").ifPresent(text -> messages.add(new Message(Role.USER, text)));
      text("response").ifPresent(text -> messages.add(new Message(Role.AGENT, text)));
      if (messages.isEmpty()) {
        throw new RowException(
            where + ": no text; expected 'prompt', 'response' or 'turns'; add one of them");
      }
      return new Conversation(messages);
    }

    private Conversation turns() {
      if (json.hasNonNull("prompt") || json.hasNonNull("response")) {
        throw bad("turns", "a list", "null beside 'prompt' or 'response'");
      }
      JsonNode turns = json.get("turns");
      if (!turns.isArray() || turns.isEmpty()) {
        throw bad("turns", turns.getNodeType().toString(), "a list of at least one turn");
      }
      List<Message> messages = new ArrayList<>();
      for (JsonNode turn : turns) {
        messages.add(message(turn, "turns[" + messages.size() + "]"));
      }
      int last = messages.size() - 1;
      JsonNode labelled = json.get("labelled_turn");
      if (labelled != null && !labelled.isNull()) {
        last = labelled.asInt(-1);
        if (!labelled.isInt() || last < 0 || last >= messages.size()) {
          throw bad("labelled_turn", labelled.toString(), "0 to " + (messages.size() - 1));
        }
      }
      // What comes after the judged turn is no context of it.
      return new Conversation(messages.subList(0, last + 1));
    }

    private Message message(JsonNode turn, String field) {
      JsonNode role = turn.get("role");
      JsonNode content = turn.get("content");
      if (content == null || !content.isString()) {
        throw bad(field + ".content", "no text", "text");
      }
      String name = role == null || !role.isString() ? "nothing" : role.asString();
      return switch (name) {
        case "user" -> new Message(Role.USER, content.asString());
        case "assistant" -> new Message(Role.AGENT, content.asString());
        default -> throw bad(field + ".role", "'" + name + "'", "user or assistant");
      };
    }

    private Optional<Label> label(String field) {
      return text(field)
          .map(
              value ->
                  switch (value) {
                    case "safe" -> Label.SAFE;
                    case "unsafe" -> Label.UNSAFE;
                    default -> throw bad(field, "'" + value + "'", "safe, unsafe or null");
                  });
    }

    private Optional<String> text(String field) {
      JsonNode value = json.get(field);
      if (value == null || value.isNull()) {
        return Optional.empty();
      }
      if (!value.isString()) {
        throw bad(field, value.getNodeType().toString(), "text or null");
      }
      return Optional.of(value.asString());
    }

    private Optional<List<String>> strings(String field) {
      JsonNode value = json.get(field);
      if (value == null || value.isNull()) {
        return Optional.empty();
      }
      List<String> list = new ArrayList<>();
      for (JsonNode entry : value) {
        if (entry.isString()) {
          list.add(entry.asString());
        }
      }
      if (!value.isArray() || list.size() != value.size()) {
        throw bad(field, value.getNodeType().toString(), "a list of codes or null");
      }
      return Optional.of(list);
    }

    /** A misspelt code would be read as one that the policy does not cover. */
    private Optional<List<String>> codes(String field) {
      Optional<List<String>> codes = strings(field);
      for (String code : codes.orElse(List.of())) {
        if (!CODES.getOrDefault(field, Set.of()).contains(code)) {
          throw bad(field, "'" + code + "'", "codes of " + CODES.get(field));
        }
      }
      return codes;
    }

    private Map<String, String> meta() {
      Map<String, String> facts = new LinkedHashMap<>();
      JsonNode meta = json.get("meta");
      if (meta != null && meta.isObject()) {
        meta.forEachEntry(
            (name, value) -> {
              if (value.isValueNode() && !value.isNull()) {
                facts.put(name, value.asString());
              }
            });
      }
      text("split").ifPresent(split -> facts.put("split", split));
      return facts;
    }

    private RowException bad(String field, String actual, String expected) {
      return new RowException(
          where
              + ": field '"
              + field
              + "' is "
              + actual
              + ", expected "
              + expected
              + "; correct the line");
    }
  }

  /** Writes a row as one line, without the line's end. */
  static String write(Row row) {
    ObjectNode json = JSON.createObjectNode();
    json.put("id", row.id());
    json.put("dataset", row.dataset());
    List<Message> messages = row.conversation().messages();
    if (!PLAIN.contains(messages.stream().map(Message::role).toList())) {
      ArrayNode turns = json.putArray("turns");
      for (Message message : messages) {
        String role = message.role() == Role.USER ? "user" : "assistant";
        turns.addObject().put("role", role).put("content", message.text());
      }
      json.put("labelled_turn", messages.size() - 1);
    } else {
      Message first = messages.getFirst();
      Message last = messages.getLast();
      json.put("prompt", first.role() == Role.USER ? first.text() : null);
      json.put("response", last.role() == Role.AGENT ? last.text() : null);
    }
    json.put("prompt_label", word(row.promptLabel()));
    json.put("response_label", word(row.responseLabel()));
    row.codes().categories().forEach(json.putArray("categories")::add);
    POLICIES.forEach(
        (field, policy) -> {
          List<String> codes = row.codes().byPolicy().get(policy);
          if (codes != null) {
            codes.forEach(json.putArray(field)::add);
          }
        });
    Map<String, String> meta = new TreeMap<>(row.meta());
    String split = meta.remove("split");
    if (split != null) {
      json.put("split", split);
    }
    if (!meta.isEmpty()) {
      ObjectNode object = json.putObject("meta");
      meta.forEach(object::put);
    }
    return JsonText.line(json);
  }

  private static @Nullable String word(Optional<Label> label) {
    return label.map(Label::id).orElse(null);
  }
}
