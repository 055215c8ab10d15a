package dev.pukara.guard;

import dev.pukara.guard.text.Disguise;
import dev.pukara.guard.text.TextViews;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** All forms of a conversation that are scored, the one as written first. */
final class Forms {
  static final String JOINED = "user turns joined";

  /** A piece of the judged message between two delimiters of prompt formats. */
  static final String PART = "part between delimiters";

  /** The first sentences of a long message of the user. */
  static final String BEGINNING = "beginning";

  /**
   * Pieces of one message that are read by themselves, the first and the last ones. Those between
   * them are read as one: many delimiters neither hide a piece nor make the check expensive.
   */
  private static final int PARTS_MAX = 8;

  /** Joined turns start at a multiple of this, so that their cached prefix lives a while. */
  private static final int JOIN_STEP = 4;

  /** End of a sentence, or of a line that introduces another; quotes and brackets may follow. */
  private static final Pattern SENTENCE_END =
      Pattern.compile("[.?!:\u2026\u3002\uff1f\uff01\u061f\u0964][\\p{Pe}\\p{Pf}\"'*_`]*\\s*\\z");

  private final DefenceOptions options;
  private final Windows windows;

  Forms(DefenceOptions options, Windows windows) {
    this.options = options;
    this.windows = windows;
  }

  List<Form> of(Conversation conversation) {
    List<Form> forms = new ArrayList<>();
    int last = conversation.messages().size() - 1;
    for (int turn = options.everyTurn() ? 0 : last; turn <= last; turn++) {
      Conversation upTo = conversation.upTo(turn);
      forms.addAll(readings(new Form(Finding.AS_WRITTEN, turn, upTo)));
      if (options.beginnings() && upTo.last().role() == Role.USER) {
        forms.addAll(beginning(upTo, turn));
      }
      if (options.joinTurns()) {
        List<Message> portions = portions(upTo);
        if (portions.size() > 1) {
          forms.addAll(joined(portions, turn));
        }
      }
    }
    return forms;
  }

  /**
   * The first sentences of the judged message after the turns before it; nothing if it is short.
   */
  private List<Form> beginning(Conversation upTo, int turn) {
    Message judged = upTo.last();
    Optional<String> text = Beginning.of(judged.text());
    if (text.isEmpty()) {
      return List.of();
    }
    List<Message> messages = new ArrayList<>(upTo.messages());
    messages.set(turn, new Message(judged.role(), text.get()));
    return readings(new Form(BEGINNING, turn, new Conversation(messages)));
  }

  /**
   * The user's turns as one message: a line each, but on one line where a turn breaks off in the
   * middle of a sentence. A request in portions then reads as it would have in one piece.
   */
  List<Form> joined(List<Message> portions, int turn) {
    StringBuilder text = new StringBuilder();
    for (Message portion : portions) {
      if (!text.isEmpty()) {
        text.append(SENTENCE_END.matcher(text).find() ? '\n' : ' ');
      }
      text.append(portion.text());
    }
    return readings(new Form(JOINED, turn, Conversation.user(text.toString())));
  }

  /** The user's last turns, five to eight of them, if the user spoke last; else none. */
  static List<Message> portions(Conversation conversation) {
    if (conversation.last().role() != Role.USER) {
      return List.of();
    }
    List<Message> turns =
        conversation.messages().stream().filter(m -> m.role() == Role.USER).toList();
    int from = Math.max(0, ((turns.size() - 1) / JOIN_STEP - 1) * JOIN_STEP);
    return turns.subList(from, turns.size());
  }

  /** A form and what is under its disguises, in windows. */
  List<Form> readings(Form form) {
    List<Form> forms = new ArrayList<>(windows.of(form));
    List<Message> messages = form.conversation().messages();
    List<String> texts = messages.stream().map(Message::text).toList();
    for (TextViews.Joint view : TextViews.ofAll(texts, options.disguises())) {
      List<Message> changed = new ArrayList<>();
      for (int i = 0; i < messages.size(); i++) {
        changed.add(new Message(messages.get(i).role(), view.texts().get(i)));
      }
      forms.addAll(windows.of(form.then(view.name(), new Conversation(changed))));
    }
    forms.addAll(parts(form));
    return forms;
  }

  /** The judged message's pieces, each by itself: no forged end covers what stands before it. */
  private List<Form> parts(Form form) {
    if (!options.disguises().contains(Disguise.DELIMITERS)) {
      return List.of();
    }
    Message judged = form.conversation().last();
    List<String> parts = new ArrayList<>(TextViews.parts(judged.text(), options.disguises()));
    if (parts.size() > PARTS_MAX) {
      List<String> middle = parts.subList(PARTS_MAX / 2, parts.size() - PARTS_MAX / 2);
      String joined = String.join("\n", middle);
      middle.clear();
      parts.add(joined);
    }
    List<Form> forms = new ArrayList<>();
    for (String part : parts) {
      Conversation piece = new Conversation(List.of(new Message(judged.role(), part)));
      forms.addAll(windows.of(form.then(PART, piece)));
    }
    return forms;
  }
}
