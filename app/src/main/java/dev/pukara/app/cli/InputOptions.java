package dev.pukara.app.cli;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.Message;
import dev.pukara.guard.Role;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What is to be judged: a text, a text and an answer, or a conversation from a file. */
final class InputOptions {
  private static final JsonMapper JSON = new JsonMapper();

  @Parameters(
      arity = "0..1",
      paramLabel = "TEXT",
      description = "The user's message; - reads standard input.")
  @Nullable String text;

  @Option(
      names = "--response",
      paramLabel = "TEXT",
      description = "The agent's answer to it, which is judged then.")
  @Nullable String response;

  @Option(
      names = "--conversation",
      paramLabel = "FILE",
      description =
          "JSON {\"messages\":[{\"role\":\"user\"|\"assistant\",\"content\":\"...\"}]}; the last one is judged.")
  @Nullable Path conversation;

  Conversation read(InputStream in) throws IOException {
    if (conversation != null) {
      if (text != null || response != null) {
        throw new UserException(
            "--conversation together with TEXT or --response; give one of them");
      }
      return parse(
          decode(Files.readAllBytes(conversation), conversation.toString()),
          conversation.toString());
    }
    if (text == null) {
      throw new UserException(
          "nothing to judge; give TEXT, - for standard input, or --conversation FILE");
    }
    String message = text.equals("-") ? decode(in.readAllBytes(), "standard input") : text;
    Conversation user = Conversation.user(message);
    return response == null ? user : user.agent(response);
  }

  private static String decode(byte[] bytes, String where) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new UserException(where + ": not UTF-8; convert it, for example with iconv", e);
    }
  }

  private static Conversation parse(String json, String where) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JacksonException e) {
      throw new UserException(
          where
              + ": not JSON: "
              + e.getOriginalMessage()
              + " (line "
              + e.getLocation().getLineNr()
              + ")",
          e);
    }
    JsonNode messages = root.get("messages");
    if (messages == null || !messages.isArray() || messages.isEmpty()) {
      throw new UserException(where + ": expected {\"messages\":[...]} with at least one message");
    }
    List<Message> turns = new ArrayList<>();
    for (JsonNode message : messages) {
      turns.add(message(message, where + ": messages[" + turns.size() + "]"));
    }
    return new Conversation(turns);
  }

  private static Message message(JsonNode node, String where) {
    JsonNode role = node.get("role");
    JsonNode content = node.get("content");
    if (content == null || !content.isString()) {
      throw new UserException(where + ": 'content' must be text");
    }
    String name = role == null ? "" : role.asString();
    return switch (name) {
      case "user" -> new Message(Role.USER, content.asString());
      case "assistant" -> new Message(Role.AGENT, content.asString());
      default ->
          throw new UserException(where + ": role '" + name + "', expected user or assistant");
    };
  }
}
