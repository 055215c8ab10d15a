package dev.pukara.guard;

/**
 * A category of a policy.
 *
 * @param code what the model answers: {@code S1}
 * @param name short name: {@code Violent Crimes}
 * @param description what it covers; may be empty
 */
public record Category(String code, String name, String description) {
  /** Checks that code and name are there. */
  public Category {
    if (code.isBlank() || name.isBlank()) {
      throw new IllegalArgumentException(
          "a category needs a code and a name, got '" + code + "', '" + name + "'");
    }
  }
}
