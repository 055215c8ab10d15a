package dev.pukara.eval;

/** Hears how far an evaluation is. Called by one thread. */
public interface Progress {
  /** Hears nothing. */
  Progress NONE =
      new Progress() {
        @Override
        public void start(String what, int done, int total) {}

        @Override
        public void advance(int done) {}

        @Override
        public void end() {}
      };

  /**
   * A part begins.
   *
   * @param what contender and data set
   * @param done messages that an earlier run left
   * @param total messages
   */
  void start(String what, int done, int total);

  /** So many are done now. */
  void advance(int done);

  /** The part is done. */
  void end();
}
