package dev.pukara.eval;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What a contender says of one message.
 *
 * @param score probability that it is unsafe; empty if its answer could not be read
 * @param verdict {@code safe}, {@code unsafe} or {@code unreadable}
 * @param categories codes that it calls violated
 * @param categoryScores code to the score of that category by itself; empty if not asked for
 * @param promptDigest SHA-256 of the text that the model read
 * @param tokens that the model read; 0 if it does not tell
 * @param millis from asking to the answer, with other messages under way
 */
public record Rating(
    OptionalDouble score,
    String verdict,
    List<String> categories,
    Map<String, Double> categoryScores,
    String promptDigest,
    int tokens,
    double millis) {
  static final String SAFE = "safe";
  static final String UNSAFE = "unsafe";
  static final String UNREADABLE = "unreadable";

  /** Copies list and map; the map keeps its order. */
  public Rating {
    categories = List.copyOf(categories);
    categoryScores = Collections.unmodifiableMap(new LinkedHashMap<>(categoryScores));
  }
}
