package dev.pukara.train.data;

/**
 * A recipe, or data for it, that cannot be trained with. The message tells what, where, and the
 * cure.
 */
public final class RecipeException extends IllegalArgumentException {
  /** With a message for the user. */
  public RecipeException(String message) {
    super(message);
  }

  /** With a message for the user and what caused it. */
  public RecipeException(String message, Throwable cause) {
    super(message, cause);
  }
}
