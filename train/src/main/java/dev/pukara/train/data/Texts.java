package dev.pukara.train.data;

import java.text.Normalizer;
import java.util.Locale;
import java.util.regex.Pattern;

/** What counts as the same text. */
final class Texts {
  private static final Pattern REST = Pattern.compile("[^\\p{L}\\p{N}]+");

  private Texts() {}

  /** Letters and digits of NFKC in lower case, everything else one blank. */
  static String normalised(String text) {
    String folded = Normalizer.normalize(text, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
    String plain = REST.matcher(folded).replaceAll(" ").strip();
    // A text of signs alone is what it is.
    return plain.isEmpty() ? text.strip() : plain;
  }
}
