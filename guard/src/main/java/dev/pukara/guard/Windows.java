package dev.pukara.guard;

import dev.pukara.guard.Prompt.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;

/**
 * Cuts what is too long for one reading. Nothing is left out:
 *
 * <pre>
 * history   [turns 1-4] [turns 5-9] [turns 10-12]      cut between turns, the nearest group full
 * message                                         [slice 1]
 *                                                     [slice 2]      slices overlap
 *
 * windows   turns 10-12 + slice 1, turns 10-12 + slice 2, turns 5-9 + slice 1, turns 1-4 + slice 1
 * </pre>
 *
 * Half a window is for the judged message, half for what went before.
 */
final class Windows {
  /** Room for a turn's frame. */
  private static final int FRAME_TOKENS = 8;

  private final int windowTokens;
  private final int overlapTokens;
  private final ToIntFunction<String> meter;

  /**
   * @param meter number of tokens of a text, or more
   */
  Windows(int windowTokens, int overlapTokens, ToIntFunction<String> meter) {
    this.windowTokens = windowTokens;
    this.overlapTokens = overlapTokens;
    this.meter = meter;
  }

  /** Windows as asked for, or smaller if the model's context leaves no room beside the policy. */
  static Windows of(DefenceOptions options, BackEnd backEnd, PromptFormat format, Policy policy) {
    Prompt frame = format.render(policy, Conversation.user(""));
    int taken =
        backEnd.tokens(frame.prefix())
            + backEnd.tokens(frame.stem())
            + tailTokens(frame, backEnd, format, policy)
            + FRAME_TOKENS;
    int window = Math.min(options.windowTokens(), backEnd.promptTokensMax() - taken);
    if (window < DefenceOptions.WINDOW_TOKENS_MIN) {
      throw new PolicyException(
          String.format(
              Locale.ROOT,
              "policy %s and prompt take %d of the %d tokens that one request may have, which leaves %d"
                  + " for a conversation, expected at least %d; shorten the policy or leave its"
                  + " descriptions out",
              policy.id(),
              taken,
              backEnd.promptTokensMax(),
              backEnd.promptTokensMax() - taken,
              DefenceOptions.WINDOW_TOKENS_MIN));
    }
    int overlap = Math.min(options.overlapTokens(), window / 4);
    return new Windows(window, overlap, text -> backEnd.tokens(List.of(new Text(text))));
  }

  /** Of the longest question behind the conversation. */
  private static int tailTokens(Prompt frame, BackEnd backEnd, PromptFormat format, Policy policy) {
    int most = backEnd.tokens(frame.tail()) + backEnd.tokens(frame.lead());
    for (Category category : policy.categories()) {
      for (Role role : Role.values()) {
        int tokens =
            format.question(category, role).map(asked -> backEnd.tokens(asked.tail())).orElse(0);
        most = Math.max(most, tokens);
      }
    }
    return most;
  }

  /** The form itself, or its windows. */
  List<Form> of(Form form) {
    List<Message> messages = form.conversation().messages();
    if (fits(messages)) {
      return List.of(form);
    }
    List<List<Message>> groups = groups(messages.subList(0, messages.size() - 1));
    Message last = messages.getLast();
    List<String> slices = slices(last.text());
    List<List<Message>> windows = new ArrayList<>();
    for (int i = 0; i < groups.size() - 1; i++) {
      windows.add(window(groups.get(i), last.role(), slices.getFirst()));
    }
    List<Message> nearest = groups.isEmpty() ? List.of() : groups.getLast();
    for (String slice : slices) {
      windows.add(window(nearest, last.role(), slice));
    }
    List<Form> forms = new ArrayList<>();
    for (List<Message> window : windows) {
      String name = "window " + (forms.size() + 1) + " of " + windows.size();
      forms.add(form.then(name, new Conversation(window)));
    }
    return forms;
  }

  /** Where the last of the message's slices starts; 0 if it needs no slices. */
  int lastSliceStart(String text) {
    return text.length() - slices(text).getLast().length();
  }

  /** Number of tokens of a text, or more. */
  int tokens(String text) {
    return meter.applyAsInt(text);
  }

  private static List<Message> window(List<Message> before, Role role, String text) {
    List<Message> window = new ArrayList<>(before);
    window.add(new Message(role, text));
    return window;
  }

  private boolean fits(List<Message> messages) {
    long bytesMax = 0;
    for (Message message : messages) {
      bytesMax += 3L * message.text().length() + FRAME_TOKENS;
    }
    if (bytesMax <= windowTokens) {
      return true; // a token has at least one byte
    }
    long tokens = 0;
    for (Message message : messages) {
      tokens += tokens(message);
    }
    return tokens <= windowTokens;
  }

  private int tokens(Message message) {
    return meter.applyAsInt(message.text()) + FRAME_TOKENS;
  }

  /** Consecutive turns of at most half a window together; the last group is the fullest. */
  private List<List<Message>> groups(List<Message> history) {
    List<Message> pieces = new ArrayList<>();
    for (Message message : history) {
      if (tokens(message) <= windowTokens / 2) {
        pieces.add(message);
      } else {
        slices(message.text()).forEach(text -> pieces.add(new Message(message.role(), text)));
      }
    }
    List<List<Message>> groups = new ArrayList<>();
    int used = windowTokens;
    for (Message piece : pieces.reversed()) {
      int tokens = tokens(piece);
      if (used + tokens > windowTokens / 2) {
        groups.addFirst(new ArrayList<>());
        used = 0;
      }
      groups.getFirst().addFirst(piece);
      used += tokens;
    }
    return groups;
  }

  /** Overlapping parts of at most half a window each. */
  private List<String> slices(String text) {
    int sliceTokens = windowTokens / 2 - FRAME_TOKENS;
    List<TextCuts.Cut> cuts = TextCuts.of(text, meter);
    List<String> slices = new ArrayList<>();
    int from = 0;
    while (true) {
      int to = from;
      int tokens = 0;
      while (to < cuts.size() && (to == from || tokens + cuts.get(to).tokens() <= sliceTokens)) {
        tokens += cuts.get(to++).tokens();
      }
      int start = cuts.isEmpty() ? 0 : cuts.get(from).start();
      if (to >= cuts.size()) {
        slices.add(text.substring(start));
        return slices;
      }
      slices.add(text.substring(start, cuts.get(to).start()));
      int next = to;
      int repeated = 0;
      while (next > from + 1 && repeated + cuts.get(next - 1).tokens() <= overlapTokens) {
        repeated += cuts.get(--next).tokens();
      }
      from = next;
    }
  }
}
