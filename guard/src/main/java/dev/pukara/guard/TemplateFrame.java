package dev.pukara.guard;

import dev.pukara.guard.Prompt.Piece;
import dev.pukara.guard.Prompt.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A rendered template with slots for the messages.
 *
 * @param prefix before all messages, cut where a token ends in any text
 * @param parts what follows: frame text and slots
 */
record TemplateFrame(List<Piece> prefix, List<Part> parts) {
  /** Private-use characters; the tab on each side shows whether the template strips. */
  private static final String MARK = "\t\uE000%d\uE001\t";

  private static final Pattern SLOT = Pattern.compile("(\t?)\uE000(\\d+)\uE001(\t?)");
  private static final Pattern CATEGORY = Pattern.compile("(?m)^([A-Z]\\d+): (.+?)\\.?\\s*$");

  /** Frame text, or a message. */
  sealed interface Part {}

  /** A piece of the frame. */
  record Frame(Piece piece) implements Part {}

  /** Where a message goes. */
  record Slot(int message, boolean strip) implements Part {}

  static String mark(int message) {
    return String.format(Locale.ROOT, MARK, message); // other digits would not be found again
  }

  static boolean hasMark(String text, int message) {
    return text.contains("\uE000" + message + "\uE001");
  }

  /** Cuts a rendered text at its marks. */
  static TemplateFrame of(String text, TemplateModel model) {
    List<Piece> prefix = new ArrayList<>(TemplateFormat.begin(text, model));
    List<Part> parts = new ArrayList<>();
    Matcher slot = SLOT.matcher(text);
    int end = 0;
    while (slot.find()) {
      List<Piece> frame =
          TemplateFormat.pieces(text.substring(end, slot.start()), model.specials());
      if (end == 0) {
        frame = cut(frame, prefix);
      }
      frame.forEach(piece -> parts.add(new Frame(piece)));
      parts.add(new Slot(Integer.parseInt(slot.group(2)), slot.group(1).isEmpty()));
      end = slot.end();
    }
    TemplateFormat.pieces(text.substring(end), model.specials())
        .forEach(piece -> parts.add(new Frame(piece)));
    return new TemplateFrame(List.copyOf(prefix), List.copyOf(parts));
  }

  /** Moves to the prefix what ends before a line that begins with a letter; gives the rest. */
  private static List<Piece> cut(List<Piece> frame, List<Piece> prefix) {
    if (frame.isEmpty() || !(frame.getLast() instanceof Text(String last))) {
      prefix.addAll(frame);
      return List.of();
    }
    prefix.addAll(frame.subList(0, frame.size() - 1));
    for (int i = last.length() - 1; i > 0; i--) {
      if (last.charAt(i - 1) == '\n' && Character.isLetter(last.charAt(i))) {
        prefix.add(new Text(last.substring(0, i)));
        return List.of(new Text(last.substring(i)));
      }
    }
    return List.of(new Text(last));
  }

  /** The prompt of a conversation with the same roles. */
  Prompt fill(Conversation conversation, String lead) {
    List<Piece> stem = new ArrayList<>();
    for (Part part : parts) {
      switch (part) {
        case Frame(Piece piece) -> stem.add(piece);
        case Slot(int message, boolean strip) -> {
          String text = conversation.messages().get(message).text();
          stem.add(new Text(strip ? Texts.strip(text) : text));
        }
      }
    }
    return new Prompt(
        prefix,
        Prompt.merge(stem),
        List.of(),
        lead.isEmpty() ? List.of() : List.of(new Text(lead)));
  }

  /** The categories in a template's own text: lines such as {@code S1: Violent Crimes.} */
  static Policy policyOf(String text) {
    List<Category> categories = new ArrayList<>();
    Matcher line = CATEGORY.matcher(text);
    while (line.find()) {
      categories.add(new Category(line.group(1), line.group(2), ""));
    }
    if (categories.isEmpty()) {
      categories.add(new Category("unsafe", "What the template's policy forbids", ""));
    }
    return new Policy("template", "1", "The policy in the model's template", categories, false);
  }
}
