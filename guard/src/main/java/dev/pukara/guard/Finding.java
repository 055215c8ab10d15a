package dev.pukara.guard;

/**
 * The score of one form of a conversation: as written, decoded, a window of a long text, an earlier
 * turn. The highest one is the verdict's.
 *
 * @param form which form: {@link #AS_WRITTEN}, or what was done to the text
 * @param turn index of the judged message in the conversation, from 0
 * @param score probability that it is unsafe; NaN if unreadable
 */
public record Finding(String form, int turn, double score) {
  /** The text as it came. */
  public static final String AS_WRITTEN = "as written";
}
