package dev.pukara.guard;

/** When the score of each category by itself is computed. */
public enum CategoryMode {
  /** With every verdict. */
  ALWAYS,
  /**
   * When the message is unsafe; with every verdict if a category has a threshold of its own, which
   * could not act otherwise.
   */
  UNSAFE,
  /** Never: verdicts name no category, and only the global threshold acts. */
  NEVER
}
