package dev.pukara.eval;

/** How a guard meets the policy of a data set (Llama Guard paper, section 4.4 and table 4). */
public enum Adaptation {
  /** It keeps its own policy. */
  NONE("no-adaptation"),
  /** The data set's policy stands in the prompt. */
  ZERO_SHOT("zero-shot"),
  /** The data set's policy, and examples of each category. */
  FEW_SHOT("few-shot");

  private final String id;

  Adaptation(String id) {
    this.id = id;
  }

  /** Name in results and on the command line. */
  public String id() {
    return id;
  }

  @Override
  public String toString() {
    return id;
  }
}
