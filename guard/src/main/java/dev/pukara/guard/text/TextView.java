package dev.pukara.guard.text;

/**
 * A text without a disguise.
 *
 * @param name what was taken off: {@code base64}, {@code unicode+spacing}
 * @param text how it reads then
 */
public record TextView(String name, String text) {
  /** Text is never logged: a view shows its name and length only. */
  @Override
  public String toString() {
    return name + "[" + text.length() + " characters]";
  }
}
