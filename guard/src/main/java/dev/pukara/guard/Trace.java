package dev.pukara.guard;

import java.util.List;

/**
 * How a verdict came about.
 *
 * @param model name of the model
 * @param modelDigest SHA-256 of the model file
 * @param policy id of the policy
 * @param policyDigest SHA-256 of its canonical JSON
 * @param format name of the prompt format
 * @param formatDigest SHA-256 of its canonical JSON
 * @param findings every form of the conversation that was scored, the decisive one first
 * @param tokens tokens of all prompts of this verdict
 * @param cachedTokens how many of them came from the cache
 * @param nanos from call to verdict
 */
public record Trace(
    String model,
    String modelDigest,
    String policy,
    String policyDigest,
    String format,
    String formatDigest,
    List<Finding> findings,
    int tokens,
    int cachedTokens,
    long nanos) {
  /** Copies the list. */
  public Trace {
    findings = List.copyOf(findings);
  }
}
