package dev.pukara.train.data;

import dev.pukara.guard.Category;
import dev.pukara.guard.Conversation;
import java.util.List;

/**
 * A conversation as the model reads it, and the answers that are right under the policy before it.
 *
 * @param id of the row and side that it comes from
 * @param source data set of that row
 * @param conversation its last message is judged
 * @param unsafe the verdict
 * @param codes violated categories in the policy's order; none if safe, or if only the verdict is
 *     known
 * @param questions about single categories
 */
public record Lesson(
    String id,
    String source,
    Conversation conversation,
    boolean unsafe,
    List<String> codes,
    List<Question> questions) {
  /** Copies the lists. */
  public Lesson {
    codes = List.copyOf(codes);
    questions = List.copyOf(questions);
  }

  /**
   * Is this category violated?
   *
   * @param category as it stands in the policy
   * @param yes the answer
   */
  public record Question(Category category, boolean yes) {}
}
