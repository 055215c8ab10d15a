package dev.pukara.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Maps the turns of real applications to the guard's two roles, in the order in which they come:
 *
 * <pre>
 * system text                  Agent   [system] You are a helpful assistant.
 * user text                    User    as it is
 * assistant text               Agent   as it is
 * the assistant calls a tool   Agent   [calls search] {"query": "bread"}
 * a tool's result              User    [result of search] ...
 * a retrieved document         User    [document Bread.html] ...
 * image, sound, file           an error, or [image, not judged] in its place
 * </pre>
 *
 * What the application says or does is the Agent's, what comes in from outside the User's: an
 * instruction planted in a web page is judged as if the user had written it. Nothing is left out.
 *
 * <pre>{@code
 * Conversation conversation =
 *     ConversationMapper.strict()
 *         .user("What does my calendar say?")
 *         .toolCall("calendar", "{\"day\": \"today\"}")
 *         .toolResult("calendar", "10:00 dentist")
 *         .conversation();
 * }</pre>
 *
 * A message of several parts is one turn ({@link #message}), because only the last turn is judged.
 */
public final class ConversationMapper {
  private final boolean placeholders;
  private final List<Message> turns = new ArrayList<>();

  private ConversationMapper(boolean placeholders) {
    this.placeholders = placeholders;
  }

  /** Refuses what cannot be judged. */
  public static ConversationMapper strict() {
    return new ConversationMapper(false);
  }

  /** Puts a placeholder where something cannot be judged. */
  public static ConversationMapper withPlaceholders() {
    return new ConversationMapper(true);
  }

  /** The application's own instructions to the model. */
  public ConversationMapper system(String text) {
    return turn(Role.AGENT, "[system] " + text);
  }

  /** What the user wrote. */
  public ConversationMapper user(String text) {
    return turn(Role.USER, text);
  }

  /** What the model wrote. */
  public ConversationMapper assistant(String text) {
    return turn(Role.AGENT, text);
  }

  /**
   * A tool that the model calls.
   *
   * @param arguments as the model wrote them
   */
  public ConversationMapper toolCall(String tool, String arguments) {
    return turn(Role.AGENT, "[calls " + tool + "] " + arguments);
  }

  /** What a tool gave back. */
  public ConversationMapper toolResult(String tool, String text) {
    return turn(Role.USER, "[result of " + tool + "] " + text);
  }

  /** A document that was retrieved for the model. */
  public ConversationMapper document(String title, String text) {
    return turn(Role.USER, "[document " + title + "] " + text);
  }

  /**
   * Something that is no text.
   *
   * @param role who brought it
   * @param kind for people: {@code image}
   * @throws IllegalArgumentException if this mapper refuses what cannot be judged
   */
  public ConversationMapper attachment(Role role, String kind) {
    if (!placeholders) {
      throw new IllegalArgumentException(
          "a part of kind '"
              + kind
              + "' cannot be judged: the guard reads text only; judge it by other means and ask for a"
              + " placeholder");
    }
    return turn(role, "[" + kind + ", not judged]");
  }

  /**
   * A message of several parts, such as a text with a picture or an answer with calls of tools: one
   * turn, a line for each part. The first part's role is the turn's.
   *
   * <pre>{@code
   * mapper.message(parts -> parts.user("What is this?").attachment(Role.USER, "image"))
   * }</pre>
   *
   * @param parts adds them to this mapper; none = no turn
   */
  public ConversationMapper message(Consumer<ConversationMapper> parts) {
    int before = turns.size();
    parts.accept(this);
    List<Message> said = turns.subList(before, turns.size());
    if (said.size() > 1) {
      Role role = said.getFirst().role();
      String text = said.stream().map(Message::text).collect(Collectors.joining("\n"));
      said.clear();
      turn(role, text);
    }
    return this;
  }

  /** One more turn in the guard's own roles. */
  public ConversationMapper turn(Role role, String text) {
    turns.add(new Message(role, text));
    return this;
  }

  /**
   * The conversation.
   *
   * @throws IllegalArgumentException if there was no turn
   */
  public Conversation conversation() {
    return new Conversation(turns);
  }
}
