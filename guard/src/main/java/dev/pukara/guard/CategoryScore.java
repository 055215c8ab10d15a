package dev.pukara.guard;

/**
 * How likely a category is violated, judged by itself.
 *
 * @param code of the policy
 * @param name of the policy
 * @param score probability, 0 to 1
 */
public record CategoryScore(String code, String name, double score) {}
