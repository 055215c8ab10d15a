package dev.pukara.app.cli;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.ConversationMapper;
import dev.pukara.guard.Role;
import dev.pukara.rows.JsonText;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Chat messages as the OpenAI API has them, mapped to the guard's roles by {@link
 * ConversationMapper}: {@code {"messages": [...]}} or the bare list. What is not understood is an
 * error that says where.
 */
final class ChatMessages {
  private static final JsonMapper JSON = new JsonMapper();

  private final ConversationMapper mapper;
  private final Map<String, String> toolsByCall = new HashMap<>();

  private ChatMessages(ConversationMapper mapper) {
    this.mapper = mapper;
  }

  /**
   * Reads a conversation.
   *
   * @param where name of the source for errors
   */
  static Conversation parse(String json, String where, ConversationMapper mapper) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JacksonException e) {
      throw new UserException(
          where
              + ": "
              + JsonText.problem(
                  e,
                  at -> "not JSON (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")"),
          e);
    }
    return parse(root, where, mapper);
  }

  /** Reads a conversation that is parsed already. */
  static Conversation parse(JsonNode root, String where, ConversationMapper mapper) {
    JsonNode messages = root.isArray() ? root : root.path("messages");
    if (!messages.isArray() || messages.isEmpty()) {
      throw new UserException(where + ": expected {\"messages\":[...]} with at least one message");
    }
    ChatMessages reader = new ChatMessages(mapper);
    for (int i = 0; i < messages.size(); i++) {
      JsonNode message = messages.get(i);
      String here = where + ": messages[" + i + "]";
      mapper.message(_ -> reader.message(message, here));
    }
    try {
      return mapper.conversation();
    } catch (IllegalArgumentException e) {
      throw new UserException(where + ": no message says anything; there is nothing to judge", e);
    }
  }

  private void message(JsonNode message, String where) {
    String role = message.path("role").asString("");
    switch (role) {
      case "system", "developer" -> content(message, where, Speaker.SYSTEM, "");
      case "user" -> content(message, where, Speaker.USER, "");
      case "assistant" -> assistant(message, where);
      case "tool", "function" -> content(message, where, Speaker.TOOL, toolOf(message));
      default ->
          throw new UserException(
              where + ": role '" + role + "', expected system, developer, user, assistant or tool");
    }
  }

  private enum Speaker {
    SYSTEM(Role.AGENT),
    USER(Role.USER),
    ASSISTANT(Role.AGENT),
    TOOL(Role.USER);

    private final Role role;

    Speaker(Role role) {
      this.role = role;
    }
  }

  private void assistant(JsonNode message, String where) {
    JsonNode calls = message.path("tool_calls");
    JsonNode call = message.path("function_call");
    JsonNode refusal = message.path("refusal");
    boolean more = !calls.isEmpty() || call.isObject() || refusal.isString();
    if (!more || message.hasNonNull("content")) {
      content(message, where, Speaker.ASSISTANT, "");
    }
    if (refusal.isString()) {
      mapper.assistant(refusal.asString());
    }
    for (int i = 0; i < calls.size(); i++) {
      JsonNode one = calls.get(i);
      call(one.path("function"), one.path("id").asString(""), where + ".tool_calls[" + i + "]");
    }
    if (call.isObject()) {
      call(call, "", where + ".function_call");
    }
  }

  private void call(JsonNode function, String id, String where) {
    JsonNode name = function.path("name");
    if (!name.isString()) {
      throw new UserException(where + ": no function name; only calls of functions are understood");
    }
    toolsByCall.put(id, name.asString());
    JsonNode arguments = function.path("arguments");
    mapper.toolCall(
        name.asString(), arguments.isString() ? arguments.asString() : arguments.toString());
  }

  private String toolOf(JsonNode message) {
    String id = message.path("tool_call_id").asString("");
    return message.path("name").asString(toolsByCall.getOrDefault(id, "a tool"));
  }

  private void content(JsonNode message, String where, Speaker speaker, String tool) {
    JsonNode content = message.path("content");
    if (content.isString()) {
      say(speaker, tool, content.asString());
      return;
    }
    if (!content.isArray()) {
      throw new UserException(where + ": 'content' must be text or a list of parts");
    }
    for (int i = 0; i < content.size(); i++) {
      part(content.get(i), where + ".content[" + i + "]", speaker, tool);
    }
  }

  private void part(JsonNode part, String where, Speaker speaker, String tool) {
    String type = part.path("type").asString("");
    String field =
        switch (type) {
          case "text", "input_text", "output_text", "reasoning" -> "text";
          case "refusal" -> "refusal";
          case "thinking" -> "thinking";
          default -> "";
        };
    if (type.equals("document")) {
      mapper.document(
          part.path("title").asString("without a title"),
          text(part.path("source").path("data"), where + ".source.data"));
    } else if (!field.isEmpty()) {
      say(speaker, tool, text(part.path(field), where + "." + field));
    } else {
      try {
        mapper.attachment(speaker.role, type.isEmpty() ? "unknown" : type.replaceAll("_url$", ""));
      } catch (IllegalArgumentException e) {
        throw new UserException(where + ": " + e.getMessage() + " with --placeholders", e);
      }
    }
  }

  private static String text(JsonNode node, String where) {
    if (!node.isString()) {
      throw new UserException(where + ": must be text");
    }
    return node.asString();
  }

  private void say(Speaker speaker, String tool, String text) {
    switch (speaker) {
      case SYSTEM -> mapper.system(text);
      case USER -> mapper.user(text);
      case ASSISTANT -> mapper.assistant(text);
      case TOOL -> mapper.toolResult(tool, text);
    }
  }
}
