package dev.pukara.guard.text;

/**
 * Ways to write a text so that a model reads past what a human or the next model understands.
 *
 * <p>In the order in which they come off: characters first, what is made of them later. Leetspeak
 * would take the digits of encodings for letters; encodings are not the same in other letters, so
 * capitals are last.
 */
public enum Disguise {
  /** Invisible, bidirectional and tag characters, look-alike and styled letters, stacked marks. */
  UNICODE("unicode"),
  /** Delimiters of prompt formats, spelled-out special tokens, fake turns and fake verdicts. */
  DELIMITERS("delimiters"),
  /** {@code b o m b}, {@code b-o-m-b}. */
  SPACING("spacing"),
  /** Base64, standard and URL alphabet. */
  BASE64("base64"),
  /** Hexadecimal, binary and decimal character codes. */
  CODES("codes"),
  /** {@code %62}, {@code \u0062}, {@code \x62}, {@code &#98;}. */
  ESCAPES("escapes"),
  /** {@code b0mb}. */
  LEET("leet"),
  /** Caesar shifts, rot13 among them, and Atbash. */
  SHIFTED("shifted"),
  /** Backwards, as a whole or word by word. */
  REVERSED("reversed"),
  /** {@code ALL IN CAPITALS}. */
  CAPITALS("capitals");

  private final String label;

  Disguise(String label) {
    this.label = label;
  }

  /** The word in traces and options. */
  public String label() {
    return label;
  }
}
