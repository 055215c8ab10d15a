package dev.pukara.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A guard's answer as decoded text, by the grammar of Llama Guard: {@code safe}, or {@code unsafe}
 * and the codes of the violated categories on the next line. Blanks and empty lines are forgiven,
 * nothing else: a text that merely contains the word is not an answer.
 *
 * <pre>{@code
 * AnswerText.parse("unsafe\nS1, S10 ", policy)  // Unsafe, codes S1 and S10
 * AnswerText.parse("safe, I think", policy)     // Unreadable
 * }</pre>
 */
public sealed interface AnswerText {
  /** Nothing is violated. */
  record Safe() implements AnswerText {}

  /**
   * Something is violated.
   *
   * @param codes of the policy, in the order of the answer
   * @param unknown codes that the policy does not have: unsafe all the same
   */
  record Unsafe(List<String> codes, List<String> unknown) implements AnswerText {
    /** Copies the lists. */
    public Unsafe {
      codes = List.copyOf(codes);
      unknown = List.copyOf(unknown);
    }
  }

  /**
   * Not an answer, hence never safe.
   *
   * @param reason for people; does not repeat the text, which may quote the conversation
   */
  record Unreadable(String reason) implements AnswerText {}

  /** What separates codes. */
  Pattern SEPARATOR = Pattern.compile("[,\\s]+");

  /** Longest text that may be a code. */
  int CODE_CHARACTERS_MAX = 64;

  /** Reads a decoded answer. */
  static AnswerText parse(String text, Policy policy) {
    List<String> lines = text.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
    if (lines.isEmpty()) {
      return new Unreadable("the answer is empty");
    }
    if (lines.size() == 1 && lines.getFirst().equals("safe")) {
      return new Safe();
    }
    if (!lines.getFirst().equals("unsafe") || lines.size() > 2) {
      return new Unreadable(
          "the answer has "
              + text.length()
              + " characters and is neither 'safe' nor 'unsafe' with a line of codes");
    }
    List<String> codes = new ArrayList<>();
    List<String> unknown = new ArrayList<>();
    for (String code : lines.size() == 1 ? List.<String>of() : codes(lines.getLast())) {
      (policy.category(code).isPresent() ? codes : unknown).add(code);
    }
    return new Unsafe(codes, unknown);
  }

  private static List<String> codes(String line) {
    return SEPARATOR
        .splitAsStream(line)
        .filter(code -> !code.isEmpty() && code.length() <= CODE_CHARACTERS_MAX)
        .distinct()
        .toList();
  }
}
