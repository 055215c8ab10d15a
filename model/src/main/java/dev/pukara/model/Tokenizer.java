package dev.pukara.model;

/**
 * Text to token ids and back. Text is data: {@link #encode} never yields a control token, whatever
 * the text spells; only {@link #special} names those.
 *
 * <p>Threads: immutable after construction, shared freely.
 */
public interface Tokenizer {
  /**
   * Compiles a model file's tokenizer.
   *
   * @throws FormatException if its tables contradict each other
   */
  static Tokenizer of(TokenizerSpec spec) {
    return new BpeTokenizer(spec);
  }

  /**
   * Token ids of {@code text} as it stands: no begin-of-text token, no special tokens. Unpaired
   * surrogates become U+FFFD.
   */
  int[] encode(String text);

  /**
   * Text of the tokens; control tokens are spelled out. Incomplete UTF-8 becomes U+FFFD.
   *
   * @throws IllegalArgumentException if an id is not one of the vocabulary
   */
  String decode(int[] ids);

  /** Id of a control or user-defined token such as {@code <|im_start|>}, or -1 if there is none. */
  int special(String name);

  /**
   * Id of the ordinary token whose text (blanks as blanks, not in the byte alphabet) is exactly
   * {@code text}, or -1; what {@link #special} names is not found here.
   */
  int token(String text);

  /** Number of tokens. */
  int size();

  /** True if the id is a control token. */
  boolean isControl(int id);

  /** What the tokenizer was made from. */
  TokenizerSpec spec();
}
