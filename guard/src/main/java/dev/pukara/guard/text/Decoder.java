package dev.pukara.guard.text;

/** Takes one disguise off a text. */
@FunctionalInterface
interface Decoder {
  /** The text without the disguise; the very same string if it wears none. */
  String decode(String text);
}
