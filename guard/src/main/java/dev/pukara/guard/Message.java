package dev.pukara.guard;

/**
 * One turn. The text is data: it is never read as a special token or an instruction to the guard.
 *
 * @param role who speaks
 * @param text what was said
 */
public record Message(Role role, String text) {
  /** Messages are compared and logged by role and length only, so that no text leaks into a log. */
  @Override
  public String toString() {
    return role.label() + "[" + text.length() + " characters]";
  }
}
