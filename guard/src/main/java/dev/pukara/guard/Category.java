package dev.pukara.guard;

import java.util.Collection;
import java.util.List;
import java.util.OptionalDouble;

/**
 * A category of a policy.
 *
 * @param code what the model answers: {@code S1}
 * @param name short name: {@code Violent Crimes}
 * @param description what it covers; may be empty
 * @param shouldFlag what violates it, point by point; may be empty
 * @param shouldNotFlag what does not, though it looks like it; may be empty
 * @param examples messages with their right verdict as to this category; may be empty
 * @param threshold score of this category by itself from which a message is unsafe; empty = only
 *     the global threshold acts
 * @param action what to do with a message that violates it
 */
public record Category(
    String code,
    String name,
    String description,
    List<String> shouldFlag,
    List<String> shouldNotFlag,
    List<Example> examples,
    OptionalDouble threshold,
    Action action) {
  /** Checks that code and name are there, copies the lists. */
  public Category {
    if (code.isBlank() || name.isBlank()) {
      throw new IllegalArgumentException(
          "a category needs a code and a name, got '" + code + "', '" + name + "'");
    }
    threshold.ifPresent(
        value -> DecisionOptions.checkProbability("category " + code + ": threshold", value));
    shouldFlag = List.copyOf(shouldFlag);
    shouldNotFlag = List.copyOf(shouldNotFlag);
    examples = List.copyOf(examples);
  }

  /** A category that blocks, without a threshold of its own. */
  public Category(String code, String name, String description) {
    this(
        code,
        name,
        description,
        List.of(),
        List.of(),
        List.of(),
        OptionalDouble.empty(),
        Action.BLOCK);
  }

  /** The same with a threshold of its own. */
  public Category withThreshold(double value) {
    return new Category(
        code,
        name,
        description,
        shouldFlag,
        shouldNotFlag,
        examples,
        OptionalDouble.of(value),
        action);
  }

  /** The same with examples as to these categories only. */
  Category withExamplesOf(Collection<String> codes) {
    List<Example> kept = examples.stream().map(example -> example.only(codes)).toList();
    return new Category(
        code, name, description, shouldFlag, shouldNotFlag, kept, threshold, action);
  }

  /** The same under another name. */
  public Category withName(String value) {
    return new Category(
        code, value, description, shouldFlag, shouldNotFlag, examples, threshold, action);
  }
}
