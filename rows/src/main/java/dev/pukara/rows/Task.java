package dev.pukara.rows;

import java.util.Locale;

/** The paper's two tasks. */
public enum Task {
  /** Judge what the user said. */
  PROMPT,
  /** Judge what the agent answered. */
  RESPONSE;

  /** The word in files: {@code prompt} or {@code response}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
