package dev.pukara.guard;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** What is allowed in a policy but seldom meant. */
public final class PolicyLint {
  private static final Pattern WORD_END = Pattern.compile("[^\\p{L}\\p{N}]+");
  private static final Set<String> SMALL_WORDS = Set.of("and", "or", "the", "of", "a", "an");
  private static final int CODE_CHARACTERS_MAX = 24;
  private static final int DESCRIPTION_WORDS_MAX = 120;

  private PolicyLint() {}

  /**
   * A remark.
   *
   * @param where code of a category, or a field of the policy
   * @param message what is odd and what to do
   */
  public record Remark(String where, String message) {}

  /** All remarks, in the policy's order. */
  public static List<Remark> of(Policy policy) {
    List<Remark> remarks = new ArrayList<>();
    for (Category category : policy.categories()) {
      code(category, remarks);
      name(category, remarks);
      description(policy, category, remarks);
    }
    overlaps(policy, remarks);
    examples(policy, remarks);
    return remarks;
  }

  private static void code(Category category, List<Remark> remarks) {
    String code = category.code();
    if (code.contains(",") || code.chars().anyMatch(Character::isWhitespace)) {
      remarks.add(
          new Remark(code, "a code with a blank or comma cannot be told from two; use letters"));
    }
    if (code.length() > CODE_CHARACTERS_MAX) {
      remarks.add(
          new Remark(
              code,
              "a code of "
                  + code.length()
                  + " characters costs tokens in every question about the category; shorten it"));
    }
  }

  private static void name(Category category, List<Remark> remarks) {
    if (category.name().endsWith(".")) {
      remarks.add(
          new Remark(category.code(), "the name ends with a full stop, and prompts add another"));
    }
  }

  private static void description(Policy policy, Category category, List<Remark> remarks) {
    if (policy.describe() && CategoryText.details(category).isEmpty()) {
      remarks.add(
          new Remark(
              category.code(),
              "no description: the model goes by the name alone; describe it, or say 'describe:"
                  + " false'"));
    }
    int words = words(category.description()).size();
    if (words > DESCRIPTION_WORDS_MAX) {
      remarks.add(
          new Remark(
              category.code(),
              "a description of "
                  + words
                  + " different words; small models lose the thread beyond "
                  + DESCRIPTION_WORDS_MAX));
    }
  }

  /** Two names of the same words, or one within the other with nothing that tells them apart. */
  private static void overlaps(Policy policy, List<Remark> remarks) {
    List<Category> categories = policy.categories();
    for (int i = 0; i < categories.size(); i++) {
      for (int j = i + 1; j < categories.size(); j++) {
        Category one = categories.get(i);
        Category two = categories.get(j);
        Set<String> words = words(one.name());
        Set<String> others = words(two.name());
        boolean nested = words.containsAll(others) || others.containsAll(words);
        boolean bare = CategoryText.details(one).isEmpty() || CategoryText.details(two).isEmpty();
        if (words.equals(others) || (nested && bare)) {
          remarks.add(
              new Remark(
                  two.code(),
                  "its name overlaps that of "
                      + one.code()
                      + " ('"
                      + one.name()
                      + "', '"
                      + two.name()
                      + "'); rename one, or describe both"));
        }
        if (!one.description().isEmpty() && one.description().equals(two.description())) {
          remarks.add(new Remark(two.code(), "the same description as " + one.code()));
        }
      }
    }
  }

  private static Set<String> words(String text) {
    Set<String> words = new LinkedHashSet<>();
    for (String word : WORD_END.split(text.toLowerCase(Locale.ROOT))) {
      if (!word.isEmpty() && !SMALL_WORDS.contains(word)) {
        words.add(word);
      }
    }
    return words;
  }

  private static void examples(Policy policy, List<Remark> remarks) {
    Map<Conversation, Boolean> verdicts = new HashMap<>();
    boolean safe = false;
    boolean unsafe = false;
    for (Category category : policy.categories()) {
      for (Example example : category.examples()) {
        safe |= example.isSafe();
        unsafe |= !example.isSafe();
        Boolean before = verdicts.put(example.conversation(), example.isSafe());
        if (before != null && before != example.isSafe()) {
          remarks.add(new Remark(category.code(), "one example is both safe and unsafe"));
        }
      }
    }
    if (policy.settings().fewShotTokens() > 0 && !(safe && unsafe)) {
      remarks.add(
          new Remark(
              "few_shot_tokens",
              "demonstrations of one side only pull every score that way; add "
                  + (unsafe ? "safe" : "unsafe")
                  + " examples"));
    }
  }
}
