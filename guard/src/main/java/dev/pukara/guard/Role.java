package dev.pukara.guard;

/** Who speaks: the paper's two roles. */
public enum Role {
  /** The human. */
  USER("User"),
  /** The model. */
  AGENT("Agent");

  private final String label;

  Role(String label) {
    this.label = label;
  }

  /** The word in prompts: {@code User} or {@code Agent}. */
  public String label() {
    return label;
  }
}
