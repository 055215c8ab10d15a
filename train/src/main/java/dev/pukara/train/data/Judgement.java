package dev.pukara.train.data;

/** Whether a message violates a category or a policy, as far as its labels tell. */
enum Judgement {
  YES,
  NO,
  /** The labels cannot say: such a message is no lesson on this. */
  UNKNOWN;

  /** Judgement of "one or the other". */
  Judgement or(Judgement other) {
    if (this == YES || other == YES) {
      return YES;
    }
    return this == UNKNOWN || other == UNKNOWN ? UNKNOWN : NO;
  }
}
