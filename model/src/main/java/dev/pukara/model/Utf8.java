package dev.pukara.model;

import java.nio.charset.StandardCharsets;

/** Text to bytes. */
final class Utf8 {
  private Utf8() {}

  /** The text in UTF-8; an unpaired surrogate becomes U+FFFD. */
  static byte[] encode(String text) {
    return wellFormed(text).getBytes(StandardCharsets.UTF_8);
  }

  private static String wellFormed(String text) {
    int unpaired = unpairedSurrogate(text, 0);
    if (unpaired < 0) {
      return text;
    }
    StringBuilder repaired = new StringBuilder(text);
    for (; unpaired >= 0; unpaired = unpairedSurrogate(text, unpaired + 1)) {
      repaired.setCharAt(unpaired, '\uFFFD');
    }
    return repaired.toString();
  }

  private static int unpairedSurrogate(String text, int from) {
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      boolean paired =
          Character.isHighSurrogate(c)
              && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1));
      if (!paired) {
        return i;
      }
      i++;
    }
    return -1;
  }
}
