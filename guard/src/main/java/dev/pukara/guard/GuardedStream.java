package dev.pukara.guard;

import java.text.BreakIterator;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Judges an agent's answer while it is written, and lets out only what was judged.
 *
 * <pre>{@code
 * GuardedStream stream = guard.stream(Conversation.user("How do I bake bread?"));
 * for (String piece : model.answer()) {
 *   show(stream.push(piece));
 *   if (stream.isStopped()) {
 *     break; // what was shown ends with the notice
 *   }
 * }
 * show(stream.finish());
 * }</pre>
 *
 * <p>The prompt of a check continues that of the one before, so the engine computes the new tokens
 * and the question only. A long answer is judged window by window; the cost is linear in the text.
 *
 * <p>Threads: one at a time; {@link #push} waits for the verdict when a check is due.
 */
public final class GuardedStream {
  private static final Pattern SENTENCE_END =
      Pattern.compile("(?s).*(?:[.!?…][\"')\\]*_]*\\s+|[。！？]|\\n)");
  private static final String FENCE = "```";

  /** Hardly a word is longer. */
  private static final int WORD_CHARACTERS_MAX = 40;

  /** A category of its own may make a low score unsafe, and what is unreadable has none. */
  private static final Comparator<Verdict> WORSE =
      Comparator.comparingInt(GuardedStream::rank).thenComparingDouble(Verdict::score);

  private final Function<Conversation, Verdict> check;
  private final Windows windows;
  private final StreamOptions options;
  private final List<Message> before;

  private final StringBuilder answer = new StringBuilder();
  private int checked; // judged up to here
  private int shown; // let out up to here; shown <= checked <= answer.length()
  private int blankTo; // nothing but blanks from checked up to here
  private int windowStart;
  private boolean stopped;
  private int checks;
  private long computedTokens;
  private Optional<Verdict> verdict = Optional.empty();

  GuardedStream(
      Function<Conversation, Verdict> check,
      Windows windows,
      StreamOptions options,
      List<Message> before) {
    this.check = check;
    this.windows = windows;
    this.options = options;
    this.before = List.copyOf(before);
  }

  /**
   * Takes the next piece of the answer.
   *
   * @return what may be shown now; often empty, since text waits for its check
   * @throws IllegalStateException if the stream has been stopped or finished
   */
  public String push(String piece) {
    requireOpen();
    answer.append(piece);
    int end = wholeCharacters();
    if (!isDue(end)) {
      return "";
    }
    return judge(end) ? show(Math.max(shown, cut(end - options.holdCharacters()))) : stop();
  }

  /**
   * Judges what is left at the end of the answer.
   *
   * @return the rest, or the notice; empty if the stream has been stopped before
   */
  public String finish() {
    if (stopped) {
      return "";
    }
    boolean passed = checked == answer.length() || judge(answer.length());
    String rest = passed ? show(answer.length()) : stop();
    stopped = true;
    return rest;
  }

  /** True when the guard has stopped the answer, or it is finished. */
  public boolean isStopped() {
    return stopped;
  }

  /** The verdict that stopped the answer, else the worst so far: unsafe, unreadable, high score. */
  public Optional<Verdict> verdict() {
    return verdict;
  }

  /** Checks so far. */
  public int checks() {
    return checks;
  }

  /** Tokens that had to be computed for them: those of the prompts less those from the cache. */
  public long computedTokens() {
    return computedTokens;
  }

  private void requireOpen() {
    if (stopped) {
      throw new IllegalStateException("the answer was stopped or finished; start a new stream");
    }
  }

  /** A pair of surrogates may come in two pieces. */
  private int wholeCharacters() {
    int end = answer.length();
    return end > 0 && Character.isHighSurrogate(answer.charAt(end - 1)) ? end - 1 : end;
  }

  private boolean isDue(int end) {
    blankTo = Math.max(blankTo, checked);
    while (blankTo < end && Character.isWhitespace(answer.charAt(blankTo))) {
      blankTo++;
    }
    if (blankTo >= end) {
      return false;
    }
    String pending = answer.substring(checked, end);
    int tokens = windows.tokens(pending);
    return tokens >= options.checkTokens()
        || tokens >= options.sentenceTokens() && SENTENCE_END.matcher(pending).matches();
  }

  /** True if the answer up to {@code end} may be shown. */
  private boolean judge(int end) {
    String text = answer.substring(windowStart, end);
    List<Message> messages = new ArrayList<>(before);
    messages.add(new Message(Role.AGENT, text));
    Verdict latest = check.apply(new Conversation(messages));
    checks++;
    computedTokens += latest.trace().tokens() - latest.trace().cachedTokens();
    checked = end;
    windowStart += windows.lastSliceStart(text);
    boolean passed = latest.action() != Action.BLOCK;
    if (!passed || verdict.isEmpty() || WORSE.compare(latest, verdict.get()) > 0) {
      verdict = Optional.of(latest);
    }
    return passed;
  }

  private static int rank(Verdict verdict) {
    return switch (verdict) {
      case Verdict.Unsafe unsafe -> 2;
      case Verdict.Unreadable unreadable -> 1;
      case Verdict.Safe safe -> 0;
    };
  }

  private String show(int to) {
    String text = answer.substring(shown, to);
    shown = to;
    return text;
  }

  /** Nothing more of the answer is shown; what is out ends well. */
  private String stop() {
    stopped = true;
    StringBuilder end = new StringBuilder();
    String out = answer.substring(0, shown);
    if (isFenceOpen(out)) {
      end.append(out.endsWith("\n") ? "" : "\n").append(FENCE);
    }
    if (!options.notice().isEmpty()) {
      end.append(out.isEmpty() ? "" : "\n\n").append(options.notice());
    }
    return end.toString();
  }

  private static boolean isFenceOpen(String text) {
    return text.lines().filter(line -> line.strip().startsWith(FENCE)).count() % 2 == 1;
  }

  /**
   * The last border of words at or before {@code end}; of characters where no word ends for long,
   * as in Chinese and Thai.
   */
  private int cut(int end) {
    int cut = Math.max(0, Math.min(end, checked));
    if (cut == answer.length()) {
      return cut;
    }
    int from = Math.max(0, cut - WORD_CHARACTERS_MAX);
    for (int i = cut; i > from; i--) {
      if (Character.isWhitespace(answer.charAt(i))) {
        return i;
      }
    }
    return from == 0 ? 0 : characterBorder(from, cut);
  }

  /** The last border of characters between two places: accents stay with their letter. */
  private int characterBorder(int from, int cut) {
    int start = Character.isLowSurrogate(answer.charAt(from)) ? from - 1 : from;
    String around = answer.substring(start, Math.min(answer.length(), cut + 2));
    BreakIterator characters = BreakIterator.getCharacterInstance(Locale.ROOT);
    characters.setText(around);
    return characters.isBoundary(cut - start) ? cut : start + characters.preceding(cut - start);
  }
}
