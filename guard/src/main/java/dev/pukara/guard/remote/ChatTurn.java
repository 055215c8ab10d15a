package dev.pukara.guard.remote;

/**
 * A message of a chat as servers take it.
 *
 * @param role {@code user} or {@code assistant}
 */
public record ChatTurn(String role, String content) {}
