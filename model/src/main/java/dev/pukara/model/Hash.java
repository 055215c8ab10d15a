package dev.pukara.model;

/** Polynomial hash of bytes, for tables whose size is a power of two. */
final class Hash {
  private static final int FACTOR = 0x9E3779B1;

  private Hash() {}

  static int of(byte[] bytes, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = add(hash, bytes[i]);
    }
    return hash;
  }

  /** Hash of the bytes hashed so far and one more. */
  static int add(int hash, byte next) {
    return (hash + next + 1) * FACTOR;
  }

  /** Where in a table of {@code size} slots (a power of two, above 1) to look first. */
  static int slot(int hash, int size) {
    return (hash ^ hash >>> 15) * 0x2C1B3C6D >>> Integer.numberOfLeadingZeros(size) + 1;
  }

  /** The same for a pair of ids. */
  static int slot(long pair, int size) {
    return (int) (pair * 0x9E3779B97F4A7C15L >>> Integer.numberOfLeadingZeros(size) + 33);
  }
}
