package dev.pukara.guard;

import java.util.ArrayList;
import java.util.List;

/**
 * The turns of a conversation, oldest first; the last one is judged, the others are its context.
 *
 * <pre>{@code
 * Conversation.user("How do I bake bread?").agent("Mix flour, water, salt and yeast.")
 * }</pre>
 *
 * @param messages at least one turn
 */
public record Conversation(List<Message> messages) {
  /** Checks that there is a turn to judge. */
  public Conversation {
    messages = List.copyOf(messages);
    if (messages.isEmpty()) {
      throw new IllegalArgumentException("a conversation needs at least one message");
    }
  }

  /** A conversation of one user message. */
  public static Conversation user(String text) {
    return new Conversation(List.of(new Message(Role.USER, text)));
  }

  /** This conversation and one more turn. */
  public Conversation with(Role role, String text) {
    List<Message> turns = new ArrayList<>(messages);
    turns.add(new Message(role, text));
    return new Conversation(turns);
  }

  /** This conversation and the agent's answer. */
  public Conversation agent(String text) {
    return with(Role.AGENT, text);
  }

  /** This conversation and the user's next message. */
  public Conversation andUser(String text) {
    return with(Role.USER, text);
  }

  /** The conversation as it was when turn {@code index}, counted from 0, was the last one. */
  public Conversation upTo(int index) {
    return new Conversation(messages.subList(0, index + 1));
  }

  /**
   * The same as chat templates want it: user and agent in turn, the user first. They raise an error
   * otherwise, or take an answer for a question, since many know the judged role by counting.
   * Messages of one role in a row become one; an agent that speaks first answers an empty message.
   */
  Conversation alternating() {
    List<Message> turns = new ArrayList<>();
    if (messages.getFirst().role() == Role.AGENT) {
      turns.add(new Message(Role.USER, ""));
    }
    for (Message message : messages) {
      boolean again = !turns.isEmpty() && turns.getLast().role() == message.role();
      String before = again ? turns.removeLast().text() + "\n\n" : "";
      turns.add(new Message(message.role(), before + message.text()));
    }
    return new Conversation(turns);
  }

  /** The judged turn. */
  public Message last() {
    return messages.getLast();
  }
}
