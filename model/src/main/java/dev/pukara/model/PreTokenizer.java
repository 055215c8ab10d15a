package dev.pukara.model;

/**
 * Cuts text into the pieces inside which BPE merges. Each is a scanner that reads every byte a
 * bounded number of times, so that no text makes it slow; the patterns they stand for are given
 * with them.
 */
interface PreTokenizer {
  /**
   * End of the piece that starts at {@code from}, at least one character further.
   *
   * @param text well-formed UTF-8
   * @param from where a character starts, below {@code text.length}
   */
  int end(byte[] text, int from);

  /** The scanner of a rule for byte BPE. */
  static PreTokenizer of(TokenizerSpec.Pre pre) {
    return switch (pre) {
      case GPT2 -> new Gpt2Pattern(false);
      case SMOLLM -> new Gpt2Pattern(true);
      case LLAMA3 -> new Llama3Pattern();
      case NONE -> (text, from) -> text.length;
    };
  }
}
