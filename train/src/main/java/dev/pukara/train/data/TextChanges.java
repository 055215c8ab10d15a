package dev.pukara.train.data;

import dev.pukara.guard.Conversation;
import dev.pukara.guard.Message;
import dev.pukara.guard.Role;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Changes of a conversation that leave its label as it is. */
final class TextChanges {
  /** Stands in a wrapper for the payload. */
  private static final String PAYLOAD = "{text}";

  private static final Fields FRAMES = frames();
  private static final List<String> WRAPPERS = List.copyOf(FRAMES.texts("wrappers"));

  /** What stands between a text and its padding, made-up ends of a conversation among them. */
  private static final List<String> BREAKS = List.copyOf(FRAMES.texts("breaks"));

  /** Longest padding on one side, in characters. */
  private static final int PADDING_MAX = 700;

  private TextChanges() {}

  private static Fields frames() {
    try (InputStream in = TextChanges.class.getResourceAsStream("wrappers.yaml")) {
      if (in == null) {
        throw new IllegalStateException("resource wrappers.yaml is missing from the jar");
      }
      String yaml = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return Fields.parse(yaml, "wrappers.yaml");
    } catch (IOException e) {
      throw new IllegalStateException("resource wrappers.yaml", e);
    }
  }

  /** The judged message in disguise. */
  static Conversation obfuscate(Conversation conversation, Random random) {
    Obfuscation[] all = Obfuscation.values();
    Obfuscation chosen = all[random.nextInt(all.length)];
    return withLast(conversation, chosen.apply(conversation.last().text(), random));
  }

  /** The user's judged message inside a text that tries to get it past a guard. */
  static Conversation wrap(Conversation conversation, Random random) {
    String wrapper = WRAPPERS.get(random.nextInt(WRAPPERS.size()));
    return withLast(conversation, wrapper.replace(PAYLOAD, conversation.last().text()));
  }

  /** The judged message with an ordinary text before or behind it, once or several times. */
  static Conversation pad(Conversation conversation, String ordinary, Random random) {
    String text = conversation.last().text();
    int times = 1 + random.nextInt(3);
    String padding = middleOut((ordinary + " ").repeat(times).strip(), PADDING_MAX);
    String gap = BREAKS.get(random.nextInt(BREAKS.size()));
    boolean before = random.nextInt(3) == 0;
    return withLast(conversation, before ? padding + gap + text : text + gap + padding);
  }

  /** The judged message alone, said by the other role. */
  static Conversation swapRole(Conversation conversation) {
    Message last = conversation.last();
    Role other = last.role() == Role.USER ? Role.AGENT : Role.USER;
    return new Conversation(List.of(new Message(other, last.text())));
  }

  /** The conversation behind another one, which ends with an answer. */
  static Conversation behind(Conversation before, Conversation conversation) {
    List<Message> turns = new ArrayList<>(before.messages());
    turns.addAll(conversation.messages());
    return new Conversation(turns);
  }

  /**
   * The conversation with every message of at most {@code charactersMax} characters: what is too
   * long loses its middle, and of many turns the oldest are dropped until all fit in twice that.
   */
  static Conversation shorten(Conversation conversation, int charactersMax) {
    List<Message> turns = new ArrayList<>();
    int total = 0;
    for (Message message : conversation.messages().reversed()) {
      String text = middleOut(message.text(), charactersMax);
      total += Math.min(text.length(), charactersMax); // the dots for a middle are free
      if (!turns.isEmpty() && total > 2 * charactersMax) {
        break;
      }
      turns.addFirst(new Message(message.role(), text));
    }
    return new Conversation(turns);
  }

  private static String middleOut(String text, int charactersMax) {
    if (text.length() <= charactersMax) {
      return text;
    }
    int head = charactersMax / 2;
    int tail = text.length() - (charactersMax - head);
    // A surrogate pair is never cut in two.
    head -= Character.isHighSurrogate(text.charAt(head - 1)) ? 1 : 0;
    tail += Character.isLowSurrogate(text.charAt(tail)) ? 1 : 0;
    return text.substring(0, head) + " ... " + text.substring(tail);
  }

  private static Conversation withLast(Conversation conversation, String text) {
    List<Message> turns = new ArrayList<>(conversation.messages());
    turns.set(turns.size() - 1, new Message(conversation.last().role(), text));
    return new Conversation(turns);
  }
}
