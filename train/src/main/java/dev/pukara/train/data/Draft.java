package dev.pukara.train.data;

import dev.pukara.guard.Policy;
import java.util.List;

/**
 * A batch before it is tokens.
 *
 * @param groups each a policy that all its conversations share
 */
public record Draft(List<Group> groups) {
  /** Copies the list. */
  public Draft {
    groups = List.copyOf(groups);
  }

  /**
   * A policy and what is judged by it.
   *
   * @param policy stands once before all lessons
   * @param lessons conversations that do not see each other
   */
  public record Group(Policy policy, List<Lesson> lessons) {
    /** Copies the list. */
    public Group {
      lessons = List.copyOf(lessons);
    }
  }

  /** Number of conversations. */
  public int lessons() {
    return groups.stream().mapToInt(group -> group.lessons().size()).sum();
  }

  /** How many tokens the parts of a draft take. */
  public interface Meter {
    /** Tokens of a policy. */
    int policy(Policy policy);

    /** Tokens of a lesson behind its policy, with all its questions and answers. */
    int lesson(Policy policy, Lesson lesson);
  }
}
