package dev.pukara.rows;

import java.util.Locale;

/** Whether somebody judged a message to violate a policy. */
public enum Label {
  /** It violates nothing. */
  SAFE,
  /** It violates at least one category. */
  UNSAFE;

  /** The word in files: {@code safe} or {@code unsafe}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }
}
