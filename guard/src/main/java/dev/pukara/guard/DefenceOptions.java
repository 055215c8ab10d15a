package dev.pukara.guard;

import dev.pukara.guard.text.Disguise;
import java.util.EnumSet;
import java.util.Set;

/**
 * Which forms of a conversation are scored beside the one as written. The highest score counts.
 *
 * @param disguises what is taken off the text for a second reading, where a text wears it
 * @param joinTurns true if the user's last turns are also read as one message, so that a request in
 *     portions is seen whole
 * @param beginnings true if the first sentences of a long user message are also read by themselves,
 *     so that friendly text behind a request does not cover it
 * @param everyTurn true if every turn is judged in its context; false judges the last one
 * @param windowTokens longest conversation that is read in one piece; a longer one is read in
 *     windows. The prompt's frame and policy do not count
 * @param overlapTokens how much of a window the next one repeats
 */
public record DefenceOptions(
    Set<Disguise> disguises,
    boolean joinTurns,
    boolean beginnings,
    boolean everyTurn,
    int windowTokens,
    int overlapTokens) {
  /**
   * All disguises, joined turns, beginnings, the last turn, windows of 1,024 tokens with 128 in
   * common.
   */
  public static final DefenceOptions DEFAULT =
      new DefenceOptions(EnumSet.allOf(Disguise.class), true, true, false, 1024, 128);

  /** Conversations as written, in windows if need be. */
  public static final DefenceOptions NONE =
      DEFAULT.withDisguises(Set.of()).withJoinTurns(false).withBeginnings(false);

  /** Fewer tokens are no context. */
  static final int WINDOW_TOKENS_MIN = 64;

  /** Checks the sizes. */
  public DefenceOptions {
    disguises = Set.copyOf(disguises);
    if (windowTokens < WINDOW_TOKENS_MIN) {
      throw new IllegalArgumentException(
          "windows of " + windowTokens + " tokens, expected at least " + WINDOW_TOKENS_MIN);
    }
    if (overlapTokens < 0 || overlapTokens > windowTokens / 4) {
      throw new IllegalArgumentException(
          "overlap of "
              + overlapTokens
              + " tokens, expected 0 to a quarter of the window ("
              + windowTokens / 4
              + ")");
    }
  }

  /** With other disguises; an empty set switches these readings off. */
  public DefenceOptions withDisguises(Set<Disguise> value) {
    return new DefenceOptions(value, joinTurns, beginnings, everyTurn, windowTokens, overlapTokens);
  }

  /** With the user's turns joined or not. */
  public DefenceOptions withJoinTurns(boolean value) {
    return new DefenceOptions(disguises, value, beginnings, everyTurn, windowTokens, overlapTokens);
  }

  /** With the beginnings of long messages read by themselves or not. */
  public DefenceOptions withBeginnings(boolean value) {
    return new DefenceOptions(disguises, joinTurns, value, everyTurn, windowTokens, overlapTokens);
  }

  /** With every turn judged, or the last one. */
  public DefenceOptions withEveryTurn(boolean value) {
    return new DefenceOptions(disguises, joinTurns, beginnings, value, windowTokens, overlapTokens);
  }

  /** With windows of another size and an eighth of overlap. */
  public DefenceOptions withWindowTokens(int value) {
    return new DefenceOptions(disguises, joinTurns, beginnings, everyTurn, value, value / 8);
  }
}
