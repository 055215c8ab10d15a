package dev.pukara.app.cli;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.ConversationMapper;
import dev.pukara.guard.Message;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What is to be judged: a text, a text and an answer, or a conversation from a file. */
final class InputOptions {
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
      names = {"--messages", "--conversation"},
      paramLabel = "FILE",
      description =
          "Chat messages as JSON, as the OpenAI API has them: {\"messages\":[{\"role\":\"user\","
              + "\"content\":\"...\"}]}; the last one is judged. - reads standard input.")
  @Nullable Path messages;

  @Option(
      names = "--placeholders",
      description =
          "Images and other parts that cannot be judged: put a placeholder there instead of"
              + " refusing the conversation.")
  boolean placeholders;

  boolean isGiven() {
    return text != null || response != null || messages != null;
  }

  Conversation read(InputStream in) throws IOException {
    if (messages != null) {
      if (text != null || response != null) {
        throw new UserException("--messages together with TEXT or --response; give one of them");
      }
      boolean standard = messages.toString().equals("-");
      String where = standard ? "standard input" : messages.toString();
      byte[] bytes = standard ? in.readAllBytes() : Files.readAllBytes(messages);
      return ChatMessages.parse(decode(bytes, where), where, mapper());
    }
    if (text == null) {
      throw new UserException(
          "nothing to judge; give TEXT, - for standard input, or --messages FILE");
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

  /** The turns before an answer that comes later. */
  List<Message> before() throws IOException {
    if (response != null
        || "-".equals(text)
        || messages != null && messages.toString().equals("-")) {
      throw new UserException(
          "--stream reads the answer from standard input; give the user's message as TEXT or"
              + " --messages FILE");
    }
    return text == null && messages == null
        ? List.of()
        : read(InputStream.nullInputStream()).messages();
  }

  private ConversationMapper mapper() {
    return placeholders ? ConversationMapper.withPlaceholders() : ConversationMapper.strict();
  }
}
