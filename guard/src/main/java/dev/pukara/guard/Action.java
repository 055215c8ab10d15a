package dev.pukara.guard;

/** What to do with a message, mildest first. */
public enum Action {
  /** Let it pass. */
  ALLOW,
  /** Let it pass and tell somebody. */
  FLAG,
  /** Stop it. */
  BLOCK
}
