package dev.pukara.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/** Where a long text may be cut: before a blank, or within a run without any. */
final class TextCuts {
  /** Longest part between two cuts. */
  private static final int CHARACTERS_MAX = 32;

  private TextCuts() {}

  /**
   * A part of a text that is not cut.
   *
   * @param start of the part; it ends where the next one starts
   * @param tokens of the part by itself
   */
  record Cut(int start, int tokens) {}

  static List<Cut> of(String text, ToIntFunction<String> meter) {
    List<Cut> cuts = new ArrayList<>();
    int start = 0;
    while (start < text.length()) {
      int end = end(text, start);
      cuts.add(new Cut(start, meter.applyAsInt(text.substring(start, end))));
      start = end;
    }
    return cuts;
  }

  private static int end(String text, int start) {
    int longest = Math.min(text.length(), start + CHARACTERS_MAX);
    if (longest == text.length()) {
      return longest;
    }
    for (int end = longest; end > start + 1; end--) {
      if (Character.isWhitespace(text.charAt(end))
          && !Character.isWhitespace(text.charAt(end - 1))) {
        return end;
      }
    }
    return Character.isLowSurrogate(text.charAt(longest)) ? longest - 1 : longest;
  }
}
