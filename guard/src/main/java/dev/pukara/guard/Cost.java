package dev.pukara.guard;

/**
 * Tokens of prompts.
 *
 * @param tokens all of them
 * @param cachedTokens those that came from a cache
 */
record Cost(int tokens, int cachedTokens) {
  static final Cost NONE = new Cost(0, 0);

  Cost plus(Cost other) {
    return new Cost(tokens + other.tokens, cachedTokens + other.cachedTokens);
  }
}
